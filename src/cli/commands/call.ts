import { createInterface } from "node:readline/promises";
import { ToolkitError } from "../../errors/index.ts";
import { parameterHeaders } from "../../http/parameter-headers.ts";
import { packageVersion } from "../../package/index.ts";
import { answerRequest, type ClientRequest } from "../answer-request.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readSource } from "../read-source.ts";

const HELP = `Calls one tool of a running MCP server and prints its answer.

Usage: tenon call <url> <tool> [arguments] [--token env:NAME] [--json]

[arguments] is a JSON object (default: {}). A tool that asks for something is answered at the terminal, where there is
one.

      --token <source>  env:NAME or file:<path> with the token that the server wants; it is sent as "Bearer <token>"
      --json            print the whole result as JSON instead of its text

Exits with 1 when the tool or the server answers with an error.

Examples:
  tenon call http://127.0.0.1:3000/mcp add '{"a":2,"b":3}'
  tenon call http://127.0.0.1:3000/mcp add '{"a":2,"b":3}' --json
  tenon call https://mcp.example/mcp add '{"a":2,"b":3}' --token env:MCP_TOKEN
`;

const PROTOCOL_VERSION = "2026-07-28";
const TIMEOUT_MS = 30_000;

/** What a person at a terminal can answer. */
const ELICITATION = { elicitation: { form: {}, url: {} } };
const HEADER_MISMATCH = -32020;
const MAX_PAGES = 100;
const MAX_ROUNDS = 16;

interface Answer<Result = CallResult> {
  /** Of HTTP. */
  status: number;
  result?: Result;
  error?: { code: number; message: string };
}

interface CallResult {
  content?: { type: string; text?: string }[];
  isError?: boolean;
  resultType?: string;
  inputRequests?: Record<string, ClientRequest>;
  requestState?: string;
}

interface ToolPage {
  tools?: { name: string; inputSchema?: object }[];
  nextCursor?: string;
}

/** One server, and the tool that is called there, for errors. */
interface Target {
  url: URL;
  tool: string;
  /** The header field with the credential, if there is one. */
  credential: { authorization?: string };
}

/** `tenon call`: a `tools/call` request to any server that speaks MCP 2026-07-28 over HTTP. */
export const call: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("call", argv, {
      json: { type: "boolean" },
      token: { type: "string" },
    });
    const [url, tool, text = "{}", ...rest] = positionals;
    if (!url || !tool) throw usageError("call", "a URL and a tool name are needed");
    if (rest.length > 0) throw usageError("call", `"${rest[0]}" is one argument too many`);
    const target = {
      url: readUrl(url),
      tool,
      credential: await readCredential(values.token as string | undefined),
    };
    const { result = {}, error, status } = await callTool(target, readObject(text));
    if (error) {
      throw callError(
        tool,
        url,
        `the server answered "${error.message}" (${error.code})`,
        status === 401
          ? "Name where a valid token is kept: --token env:NAME or --token file:PATH"
          : undefined,
      );
    }
    const output = values.json ? JSON.stringify(result, null, 2) : contentText(result);
    process.stdout.write(`${output}\n`);
    return result.isError ? 1 : 0;
  },
};

async function readCredential(source: string | undefined): Promise<{ authorization?: string }> {
  if (source === undefined) return {};
  const hint = "A token on the command line is seen by others: name where it is kept";
  const { text, where } = await readSource(source, { name: "token", command: "call", option: "token", hint });
  const token = text.trim();
  if (/^[!-~]{1,8192}$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new ToolkitError(
    `Cannot read the token from ${where}: ${token === "" ? "it is empty" : "it is no token of printable ASCII"}`,
    { code: "ERR_CONFIG", hint: "Put the token there alone, without Bearer" },
  );
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usageError("call", `"${text}" is not an http or https URL`);
  }
  return url;
}

function readObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw usageError("call", `the arguments are not JSON: ${text}`, "Quote them: '{\"a\":2}'");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw usageError("call", `the arguments are not a JSON object: ${text}`);
  }
  return value;
}

/** Calls the tool, and again with what a person answers as long as it asks. */
async function callTool(target: Target, args: object): Promise<Answer> {
  let answer = await callOnce(target, args, {});
  for (let round = 1; answer.result?.resultType === "input_required"; round++) {
    const { inputRequests = {}, requestState } = answer.result;
    if (round > MAX_ROUNDS) throw callError(target.tool, target.url.href, `it asked ${MAX_ROUNDS} times`);
    const inputResponses = await answerAll(target, inputRequests);
    answer = await callOnce(target, args, { inputResponses, requestState });
  }
  return answer;
}

async function answerAll(
  { tool, url }: Target,
  requests: Record<string, ClientRequest>,
): Promise<Record<string, object>> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<undefined>((resolve) => {
    terminal.once("close", () => resolve(undefined));
  });
  const person = {
    tell: (text: string) => void process.stderr.write(`${text}\n`),
    ask: (question: string) => Promise.race([terminal.question(question), ended]),
  };
  const responses: Record<string, object> = {};
  try {
    for (const [key, request] of Object.entries(requests)) {
      responses[key] = await answerRequest(request, person);
    }
  } catch (error) {
    throw callError(tool, url.href, (error as Error).message, "Use a client that can answer it");
  } finally {
    terminal.close();
  }
  return responses;
}

/** Calls the tool, once more with the header fields that its schema asks for when the server misses any. */
async function callOnce(target: Target, args: object, further: object): Promise<Answer> {
  const params = { name: target.tool, arguments: args, ...further };
  const fields = { "mcp-name": headerValue(target.tool) };
  const answer = await send<CallResult>(target, "tools/call", params, fields);
  if (answer.error?.code !== HEADER_MISMATCH) return answer;
  const missing = parameterFields(await findSchema(target), args);
  if (Object.keys(missing).length === 0) return answer;
  return send<CallResult>(target, "tools/call", params, { ...fields, ...missing });
}

/** The input schema of the tool; nothing when no page of the list has it. */
async function findSchema(target: Target): Promise<object | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { result } = await send<ToolPage>(target, "tools/list", cursor === undefined ? {} : { cursor }, {});
    const found = result?.tools?.find(({ name }) => name === target.tool);
    cursor = result?.nextCursor;
    if (found !== undefined || cursor === undefined) return found?.inputSchema;
  }
  return undefined;
}

function parameterFields(schema: object | undefined, args: object): Record<string, string> {
  const { headers = [] } = schema === undefined ? {} : parameterHeaders(schema);
  return Object.fromEntries(
    headers.flatMap(({ name, path }) => {
      const value = path.reduce<unknown>(
        (at, member) => (at as Record<string, unknown> | null)?.[member],
        args,
      );
      const isText = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
      return isText ? [[`mcp-param-${name}`, headerValue(String(value))] as const] : [];
    }),
  );
}

async function send<Result>(
  { url, tool, credential }: Target,
  method: string,
  params: object,
  fields: Record<string, string>,
): Promise<Answer<Result>> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": PROTOCOL_VERSION,
    "io.modelcontextprotocol/clientInfo": { name: "tenon", version: packageVersion() },
    "io.modelcontextprotocol/clientCapabilities": process.stdin.isTTY ? ELICITATION : {},
  };
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": PROTOCOL_VERSION,
        "mcp-method": method,
        ...credential,
        ...fields,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined;
    const state = cause?.code ?? (error as Error).message;
    throw callError(tool, url.href, state, 'Is the server running? Start one with "tenon serve"');
  }
  const text = await response.text();
  const json = response.headers.get("content-type")?.startsWith("text/event-stream") ? lastEvent(text) : text;
  try {
    return { ...(JSON.parse(json) as Omit<Answer<Result>, "status">), status: response.status };
  } catch {
    throw callError(tool, url.href, `it answered with HTTP ${response.status} and no JSON`);
  }
}

/** Base64 in the sentinel of MCP 2026-07-28 for texts that a header field cannot carry. */
function headerValue(text: string): string {
  const plain = /^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.startsWith("=?");
  return plain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

function lastEvent(stream: string): string {
  const data = stream.split(/\r?\n/).filter((line) => line.startsWith("data:") && line.length > 6);
  return data.at(-1)?.slice("data:".length) ?? "";
}

function contentText(result: CallResult): string {
  const parts = (result.content ?? []).map((part) => part.text ?? `[${part.type}]`);
  return parts.join("\n");
}

function callError(tool: string, url: string, state: string, hint?: string): ToolkitError {
  return new ToolkitError(`Cannot call "${tool}" at ${url}: ${state}`, {
    code: "ERR_CALL",
    ...(hint && { hint }),
  });
}
