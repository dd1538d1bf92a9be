import type { Principal } from "tenon";
import type { Limit } from "./settings.ts";

/** Whose budget a request is for. */
export interface Caller {
  readonly peer?: string | undefined;
  readonly principal?: Principal | undefined;
  /** Nothing for what is no tool of the composition. */
  readonly tool?: string | undefined;
}

const MAX_REMEMBERED = 1000;
const MAX_REMEMBERED_LENGTH = 1024;

/** Digests by what they are of: the same callers come again. */
const keys = new Map<string, string>();

/**
 * Names the budget of a limit that a caller spends from. Limits that differ in anything share none. It says nothing of who the
 * caller is, and is a digest of what is known for certain alone: whoever could choose it would have any number of budgets.
 */
export async function keyOf(limit: Limit, { peer, principal, tool }: Caller): Promise<string> {
  const values = {
    peer: peer === undefined ? null : networkOf(peer),
    principal: principal === undefined ? null : [principal.issuer, principal.subject],
    tool: tool ?? null,
  };
  const { limit: amount, windowMs, burst = amount, by = [], cost = 1, methods = [] } = limit;
  const parts = (["peer", "principal", "tool"] as const).filter((name) => by.includes(name));
  const text = JSON.stringify([
    [amount, windowMs, burst, cost, methods],
    parts.map((name) => [name, values[name]]),
  ]);
  let key = keys.get(text);
  if (key === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    key = new Uint8Array(digest).toHex();
    if (keys.size === MAX_REMEMBERED) keys.clear();
    if (text.length <= MAX_REMEMBERED_LENGTH) keys.set(text, key);
  }
  return key;
}

/**
 * An IPv4 address as it is, and the first 64 bits of an IPv6 one, as whoever has one of these has the others as well
 * (RFC 6177, section 2).
 */
function networkOf(peer: string): string {
  if (!peer.includes(":")) return peer;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(peer);
  if (mapped) return mapped[1]!;
  const [head = "", tail] = peer.toLowerCase().split("%", 1)[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  // A last part that is written as IPv4 stands for two groups.
  const length = groups.length + rest.length + (rest.at(-1)?.includes(".") ? 1 : 0);
  if (tail !== undefined) for (let i = length; i < 8; i++) groups.push("0");
  groups.push(...rest);
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
