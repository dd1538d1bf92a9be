import { constantResults } from "../compose/index.ts";
import type { CoreManifest } from "../manifest/index.ts";
import {
  createHttpProtocol,
  LEGACY_REVISIONS,
  MODERN_REVISIONS,
  META,
  parseAuthority,
  type HttpAnswer,
  type HttpProtocolOptions,
} from "../protocol/index.ts";
import type { WatModule } from "./host-definition.ts";
import { watComponent } from "./wat-component.ts";

/** What a front is made with: how its bundle serves HTTP. */
export interface FrontFacts extends Omit<HttpProtocolOptions, "now" | "newRequestId"> {
  maxBodyBytes: number;
}

/** A request that the front answers itself, and the answer up to the id. */
interface ConstantAnswer {
  /** The `MCP-Protocol-Version` field; empty where it is absent. */
  version: string;
  /** Whether the message describes itself, as messages since 2026-07-28 do. */
  modern: boolean;
  method: string;
  /** Only `}` comes behind the id. */
  prefix: string;
}

const FRONT: WatModule = {
  module: "wasmtime/front",
  imports: ["tenon-wasi:http/types@0.2.0", "tenon-wasi:io/streams@0.2.0", "tenon:front/exchange@0.1.0"],
  exports: ["tenon-wasi:http/incoming-handler@0.2.0"],
};
const FRONT_WIT = ["wasi/wit/http.wit", "wasmtime/wit/front.wit"];

/** Where the constants lie: behind those of `front.wat`. */
const CONSTANTS = 4096;
/** Longer answers stay with the adapter, so that the bundle does not hold long lists many times. */
const MAX_ANSWER = 262_144;
const ID = '"an id in its place"';

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
  const { data, pages } = constants(facts, asks ? [] : constantAnswers(manifest, facts));
  return watComponent(FRONT, FRONT_WIT, (text) =>
    text.replace("(; pages ;) 1", String(pages)).replace("(; constants ;)", () => data),
  );
}

/** The answers that are the same for every request of their kind, as the protocol core gives them for what the core answers. */
function constantAnswers(manifest: CoreManifest, facts: FrontFacts): ConstantAnswer[] {
  const results = constantResults(manifest);
  const protocol = createHttpProtocol({ ...facts, now: () => 0, newRequestId: () => "" });
  const versions = [
    ...["", ...LEGACY_REVISIONS].map((version) => ({ version, modern: false })),
    ...MODERN_REVISIONS.map((version) => ({ version, modern: true })),
  ];
  return versions.flatMap(({ version, modern }) =>
    ["ping", ...results.keys()].flatMap((method) => {
      const fields: Record<string, string> = { "content-type": "application/json" };
      if (version !== "") fields["mcp-protocol-version"] = version;
      if (modern) fields["mcp-method"] = method;
      const meta = { [META.protocolVersion]: version, [META.clientCapabilities]: {} };
      const params = modern ? `,"params":${JSON.stringify({ _meta: meta })}` : "";
      const step = protocol.handle(
        { method: "POST", path: facts.path ?? "/mcp", headers: (name) => fields[name] },
        `{"jsonrpc":"2.0","id":${ID},"method":"${method}"${params}}`,
      );
      const result = results.get(method);
      const last =
        step.kind === "call" && result !== undefined
          ? step.call.finish({ tag: "success", val: result })
          : step;
      const prefix = last.kind === "answer" ? prefixOf(last.answer) : undefined;
      return prefix === undefined ? [] : [{ version, modern, method, prefix }];
    }),
  );
}

/** An answer up to the id; nothing when it is not of the one shape that the front writes. */
function prefixOf({ status, headers, body = "" }: HttpAnswer): string | undefined {
  const isPlain = status === 200 && headers.join() === "content-type,application/json";
  const prefix = body.slice(0, -ID.length - 1);
  const isWhole = body === `${prefix}${ID}}` && !prefix.includes(ID) && prefix.includes('"result"');
  return isPlain && isWhole && prefix.length <= MAX_ANSWER ? prefix : undefined;
}

/** Lays the constants out as `front.wat` reads them. */
function constants(facts: FrontFacts, answers: readonly ConstantAnswer[]): { data: string; pages: number } {
  const hosts = allowedHosts(facts);
  const words = 9;
  const [hostsAt, answersAt] = [words * 4, words * 4 + (hosts?.length ?? 0) * 12];
  const texts: Buffer[] = [];
  const placed = new Map<string, [at: number, length: number]>();
  let end = answersAt + answers.length * 28;
  const place = (text: string): [at: number, length: number] => {
    const known = placed.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(text);
    const at: [number, number] = [CONSTANTS + end, bytes.length];
    texts.push(bytes);
    placed.set(text, at);
    end += bytes.length;
    return at;
  };
  const rows = [
    ...(hosts ?? []).flatMap(({ text, anyPort }) => [...place(text), Number(anyPort)]),
    ...answers.flatMap(({ version, modern, method, prefix }) => [
      ...place(version),
      Number(modern),
      ...place(method),
      ...place(prefix),
    ]),
  ];
  const path = place(facts.path ?? "/mcp");
  const heap = Math.ceil((CONSTANTS + end) / 16) * 16;
  const head = [
    ...path,
    facts.maxBodyBytes,
    Number(hosts === undefined),
    CONSTANTS + hostsAt,
    hosts?.length ?? 0,
    CONSTANTS + answersAt,
    answers.length,
    heap,
  ];
  const numbers = Buffer.from(Uint32Array.from([...head, ...rows]).buffer);
  const data = Buffer.concat([numbers, ...texts])
    .toString("hex")
    .replaceAll(/../g, String.raw`\$&`);
  // A request's head and a content of the usual size fit into a page.
  return { data: `(data (i32.const ${CONSTANTS}) "${data}")`, pages: Math.ceil(heap / 65_536) + 1 };
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
