import type { Connection, Exchange, Sending } from "../../fixtures/mcp-connection.ts";
import type { Served } from "../hosts.ts";

/** The last revision of each era. */
export const ERAS = ["2025-11-25", "2026-07-28"] as const;
export const [LEGACY, MODERN] = ERAS;

const connections = new WeakMap<Served, Map<string, Promise<Connection>>>();

/** The client of a revision and a credential, which cases of one server share. */
export function client(host: Served, revision: string = MODERN, authorization?: string): Promise<Connection> {
  const known = connections.get(host) ?? new Map<string, Promise<Connection>>();
  connections.set(host, known);
  const key = `${revision} ${authorization ?? ""}`;
  const found = known.get(key) ?? host.connect(revision, authorization);
  known.set(key, found);
  return found;
}

/** Calls a tool. */
export function call(
  connection: Connection,
  name: string,
  args: object = {},
  sending: Sending = {},
): Promise<Exchange> {
  return connection.request("tools/call", { name, arguments: args }, sending);
}

/** The text of a tool's result; of one that failed, or of an error, what it says in place of it. */
export async function textOf(exchange: Exchange | Promise<Exchange>): Promise<string> {
  const { status, answer } = await exchange;
  const { result, error } = answer;
  if (error !== undefined)
    return `error ${error.code}: ${error.message}${status ? ` (status ${status})` : ""}`;
  const text = ((result!["content"] ?? result!["contents"]) as { text: string }[])[0]?.text ?? "";
  return result!["isError"] === true ? `isError: ${text}` : text;
}
