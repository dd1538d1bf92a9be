import { constantResults, routedResults } from "../compose/index.ts";
import type { CoreManifest } from "../manifest/index.ts";
import {
  createHttpProtocol,
  DEFAULT_DEADLINE_MS,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
  META,
  parseAuthority,
  UNSTATED_REVISION,
  type HttpAnswer,
  type HttpProtocol,
  type HttpProtocolOptions,
} from "../protocol/index.ts";
import type { WatModule } from "./host-definition.ts";
import { watComponent } from "./wat-component.ts";

/** What a front is made with: how its bundle serves HTTP. */
export interface FrontFacts extends Omit<HttpProtocolOptions, "now" | "newRequestId"> {
  maxBodyBytes: number;
}

/** Requests that the front answers itself, and what it writes first. */
interface Row {
  /** The `MCP-Protocol-Version` field; empty where it is absent. */
  version: string;
  /** Whether the message describes itself, as messages since 2026-07-28 do. */
  modern: boolean;
  method: string;
  /** Of a constant answer, all up to the id and `}`. Of a call, all up to the members of its result. */
  prefix: string;
  /** The result that the core has to give for the constant answer; absent where it need not be asked, and for a call. */
  result?: string;
}

const FRONT: WatModule = {
  module: "wasmtime/front",
  imports: [
    "tenon-wasi:clocks/wall-clock@0.2.0",
    "tenon-wasi:http/types@0.2.0",
    "tenon-wasi:io/streams@0.2.0",
    "tenon:adapter/call@0.1.0",
    "tenon:front/exchange@0.1.0",
    "tenon:mcp/handler@0.1.0",
    "wasi:random/random@0.2.0",
  ],
  exports: ["tenon-wasi:http/incoming-handler@0.2.0"],
};
const FRONT_WIT = ["wasi/wit/http.wit", "wasmtime/wit/front.wit"];

/** Where the constants lie: behind those of `front.wat`. */
const CONSTANTS = 8192;
/** Longer answers stay with the adapter, so that the bundle does not hold long lists many times. */
const MAX_ANSWER = 262_144;
const ID = '"an id in its place"';
/** Not the name of a tool. */
const SAMPLE = "no tool";
/** A result of a call. */
const MEMBERS = '{"content":[]}';
/** Room for a request's head and its content, and for what is made of them, before the memory grows. */
const USUAL_BYTES = 32_768;
/** Words that the constants begin with: 14, and one of two. */
const HEAD_BYTES = 64;

/**
 * Makes the component of `hosts/wasmtime/front.wat`.
 *
 * @param asks True where the instance is given a key that seals states. Whether it is one shows with the first request,
 * which the adapter then must see.
 */
export async function buildFront(
  manifest: CoreManifest,
  facts: FrontFacts,
  { asks }: { asks: boolean },
): Promise<Uint8Array> {
  const rows = asks ? [] : answeredRows(manifest, facts);
  return watComponent(FRONT, FRONT_WIT, (text) => withConstants(text, facts, rows));
}

function answeredRows(manifest: CoreManifest, facts: FrontFacts): Row[] {
  const results = routedResults(manifest);
  const unasked = constantResults(manifest);
  const protocol = createHttpProtocol({ ...facts, now: () => 0, newRequestId: () => "" });
  const versions = [
    ...["", ...LEGACY_REVISIONS].map((version) => ({ version, modern: false })),
    ...MODERN_REVISIONS.map((version) => ({ version, modern: true })),
  ];
  return versions.flatMap((spoken) => {
    const constants = ["ping", ...results.keys()].flatMap((method) => {
      const result = results.get(method);
      const prefix = constantPrefix(answerTo(protocol, facts, { ...spoken, method }, result));
      // What the core is asked for a description of the server has no parameters, which the front does not take away.
      const isLeft = method === "server/discover" && !unasked.has(method);
      if (prefix === undefined || isLeft) return [];
      return [{ method, prefix, ...(result !== undefined && !unasked.has(method) && { result }) }];
    });
    const call = { ...spoken, method: "tools/call" };
    const prefix = callPrefix(["{}", MEMBERS].map((result) => answerTo(protocol, facts, call, result)));
    return [...constants, ...(prefix === undefined ? [] : [{ method: call.method, prefix }])]
      .filter((row) => row.prefix.length <= MAX_ANSWER)
      .map((row) => ({ ...spoken, ...row }));
  });
}

/** What the protocol core answers to a request, where the core gives a result if it is asked; nothing but a plain success counts. */
function answerTo(
  protocol: HttpProtocol,
  facts: FrontFacts,
  { version, modern, method }: Pick<Row, "version" | "modern" | "method">,
  result: string | undefined,
): string | undefined {
  const meta = { [META.protocolVersion]: version, [META.clientCapabilities]: {} };
  const params = { ...(method === "tools/call" && { name: SAMPLE }), ...(modern && { _meta: meta }) };
  const fields: Record<string, string> = { "content-type": "application/json" };
  if (version !== "") fields["mcp-protocol-version"] = version;
  if (modern) Object.assign(fields, { "mcp-method": method, "mcp-name": SAMPLE });
  const step = protocol.handle(
    { method: "POST", path: facts.path ?? "/mcp", headers: (name) => fields[name] },
    `{"jsonrpc":"2.0","id":${ID},"method":"${method}","params":${JSON.stringify(params)}}`,
  );
  const last =
    step.kind === "call" && result !== undefined ? step.call.finish({ tag: "success", val: result }) : step;
  return last.kind === "answer" ? plainBody(last.answer) : undefined;
}

function plainBody({ status, headers, body = "" }: HttpAnswer): string | undefined {
  const isPlain = status === 200 && headers.join() === "content-type,application/json";
  return isPlain && body.includes('"result"') ? body : undefined;
}

/** A constant answer up to the id; nothing when it is not of the one shape that the front writes. */
function constantPrefix(body: string | undefined): string | undefined {
  const prefix = body?.slice(0, -ID.length - 1);
  return body === `${prefix}${ID}}` && !prefix!.includes(ID) ? prefix : undefined;
}

/** The answer to a call up to the members of its result, from those to two results: an empty one, and {@link MEMBERS}. */
function callPrefix([empty, full]: readonly (string | undefined)[]): string | undefined {
  const end = `},"id":${ID}}`;
  const prefix = empty?.slice(0, -end.length);
  const comma = prefix?.endsWith("{") === true ? "" : ",";
  const isShape = empty === `${prefix}${end}` && full === `${prefix}${comma}${MEMBERS.slice(1, -1)}${end}`;
  return isShape ? prefix : undefined;
}

/** Texts that `front.wat` names in block comments. */
const TEXT = /\(; ("(?:[^"\\]|\\.)*") ;\)/g;

/** Lays the constants out as `front.wat` reads them, and puts them and their places into its text. */
function withConstants(wat: string, facts: FrontFacts, rows: readonly Row[]): string {
  const hosts = allowedHosts(facts);
  const repeated = Object.entries(facts.parameterHeaders ?? {}).filter(([, headers]) => headers.length > 0);
  const hostsAt = CONSTANTS + HEAD_BYTES;
  const rowsAt = hostsAt + (hosts?.length ?? 0) * 12;
  const repeatedAt = rowsAt + rows.length * 36;
  const texts: Buffer[] = [];
  const placed = new Map<string, [at: number, length: number]>();
  let end = repeatedAt + repeated.length * 8;
  const place = (text: string): [at: number, length: number] => {
    const known = placed.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const at: [number, number] = [end, bytes.length];
    texts.push(bytes);
    placed.set(text, at);
    end += bytes.length;
    return at;
  };
  const code = wat.replaceAll(TEXT, (_, text: string) =>
    place(JSON.parse(text) as string)
      .map((number) => `(i32.const ${number})`)
      .join(" "),
  );
  const table = [
    ...(hosts ?? []).flatMap(({ text, anyPort }) => [...place(text), Number(anyPort)]),
    ...rows.flatMap(({ version, modern, method, prefix, result = "" }) => [
      ...place(version),
      Number(modern),
      ...place(method),
      ...place(prefix),
      ...place(result),
    ]),
    ...repeated.flatMap(([name]) => place(name)),
  ];
  const path = place(facts.path ?? "/mcp");
  const unstated = place(UNSTATED_REVISION);
  const heap = Math.ceil(end / 16) * 16;
  const head = [
    ...path,
    facts.maxBodyBytes,
    Number(hosts === undefined),
    hostsAt,
    hosts?.length ?? 0,
    rowsAt,
    rows.length,
    ...unstated,
    repeatedAt,
    repeated.length,
    Number(facts.notifications === true),
    heap,
  ];
  const deadline = Buffer.alloc(8);
  deadline.writeBigUInt64LE(BigInt(facts.deadlineMs ?? DEFAULT_DEADLINE_MS));
  const data = Buffer.concat([words(head), deadline, words(table), ...texts])
    .toString("hex")
    .replaceAll(/../g, String.raw`\$&`);
  const pages = Math.ceil((heap + USUAL_BYTES) / 65_536);
  return code
    .replace("(; pages ;) 1", String(pages))
    .replace("(; constants ;)", () => `(data (i32.const ${CONSTANTS}) "${data}")`);
}

function words(numbers: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(numbers).buffer);
}

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Hosts that are served, in the one spelling that the front knows; nothing where every host is. */
function allowedHosts({
  local = true,
  allowedHosts: allowed,
}: FrontFacts): { text: string; anyPort: boolean }[] | undefined {
  if (!local && allowed === undefined) return undefined;
  const named = (allowed ?? []).map((each) => {
    const { host, port } = parseAuthority(each)!;
    return { text: port === undefined ? host : `${host}:${port}`, anyPort: port === undefined };
  });
  return [...(local ? LOOPBACK.map((text) => ({ text, anyPort: true })) : []), ...named];
}
