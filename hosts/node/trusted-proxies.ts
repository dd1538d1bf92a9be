import { BlockList, isIP, isIPv4 } from "node:net";

/** Fields of a request as Node presents them. */
type Fields = Readonly<Record<string, string | string[] | undefined>>;

/** Finds the client of a request behind proxies. */
export type FindPeer = (address: string | undefined, fields: Fields) => string | undefined;

const LOOPBACK = ["127.0.0.0/8", "::1/128"];
/** Addresses that are looked at, from the right. */
const MAX_HOPS = 32;
const FORWARDED_FOR = /(?:^|;)[ \t]*for[ \t]*=[ \t]*("?)([^";,]{1,100})\1[ \t]*(?=;|$)/i;
const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/;

/**
 * Says whether an address is that of a trusted proxy.
 *
 * @param trusted Addresses, ranges such as `10.0.0.0/8`, or `loopback`.
 * @throws TypeError when one of them is none of these.
 */
export function createIsTrusted(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const each of trusted.flatMap((text) => (text === "loopback" ? LOOPBACK : [text]))) add(list, each);
  return (address) => trusted.length > 0 && list.check(plainAddress(address), family(plainAddress(address)));
}

/**
 * Says who a request comes from: the other end of its connection, or, when that is a trusted proxy, the right-most address
 * in `Forwarded` or `X-Forwarded-For` that is not one. Where the two fields disagree, or an address cannot be read, it is
 * the last one that can be relied on.
 *
 * @param trusted Addresses, ranges such as `10.0.0.0/8`, or `loopback`.
 * @throws TypeError when one of them is none of these.
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-5.2
 */
export function createFindPeer(trusted: readonly string[]): FindPeer {
  const isTrusted = createIsTrusted(trusted);

  function walk(address: string, hops: readonly (string | undefined)[]): string {
    let peer = address;
    for (const hop of hops.slice(-MAX_HOPS).toReversed()) {
      if (!isTrusted(peer) || hop === undefined) break;
      peer = hop;
    }
    return peer;
  }

  return (socketAddress, fields) => {
    const address = socketAddress === undefined ? undefined : plainAddress(socketAddress);
    if (address === undefined || !isTrusted(address)) return address;
    const found = [hopsOf(fields["x-forwarded-for"], (hop) => hop), hopsOf(fields["forwarded"], forwardedFor)]
      .filter((hops) => hops !== undefined)
      .map((hops) => walk(address, hops));
    return new Set(found).size === 1 ? found[0] : address;
  };
}

function add(list: BlockList, text: string): void {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = isIPv4(address) ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  if (isIP(address) === 0 || length > bits || rest.length > 0) {
    throw new TypeError(
      `Cannot trust proxy "${text}": it is not an address, a range such as 10.0.0.0/8, or "loopback"`,
    );
  }
  list.addSubnet(address, length, family(address));
}

function family(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** The addresses of a field from left to right; nothing where it is absent. */
function hopsOf(
  field: string | string[] | undefined,
  read: (element: string) => string | undefined,
): (string | undefined)[] | undefined {
  if (field === undefined) return undefined;
  const text = typeof field === "string" ? field : field.join();
  return text.split(",").map((element) => {
    const match = WITH_PORT.exec(read(element.trim())?.trim() ?? "");
    const hop = match?.[1] ?? match?.[2] ?? read(element.trim()) ?? "";
    return isIP(hop) === 0 ? undefined : plainAddress(hop);
  });
}

function forwardedFor(element: string): string | undefined {
  return FORWARDED_FOR.exec(element)?.[2];
}

/** An IPv4 address that a socket for both families presents as one of IPv6. */
export function plainAddress(address: string): string {
  if (!address.startsWith("::")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped ? mapped[1]! : address;
}
