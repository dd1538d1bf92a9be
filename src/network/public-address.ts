import { BlockList, isIPv4, isIPv6 } from "node:net";

// Only addresses that anyone on the internet could reach: no others stand for a machine a grant did not mean.
// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
const SPECIAL_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Azure answers virtual machines here, as others do on link-local addresses.
  "168.63.129.16/32",
];
/** Everything outside is refused: loopback, unique local, link-local, multicast, v4-mapped, NAT64. */
const GLOBAL_V6 = ["2000::/3"];
/** Protocol assignments with Teredo, documentation, 6to4. */
const SPECIAL_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const specialV4 = blockList(SPECIAL_V4, "ipv4");
const globalV6 = blockList(GLOBAL_V6, "ipv6");
const specialV6 = blockList(SPECIAL_V6, "ipv6");
const loopback = blockList(["127.0.0.0/8"], "ipv4");
const linkLocalV4 = blockList(["169.254.0.0/16"], "ipv4");
const linkLocalV6 = blockList(["fe80::/10", "::ffff:169.254.0.0/112"], "ipv6");

/** True for an address of a machine that anyone on the internet could reach. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialV4.check(address);
  // An address with a zone is link-local.
  if (!isIPv6(address) || address.includes("%")) return false;
  return globalV6.check(address, "ipv6") && !specialV6.check(address, "ipv6");
}

/** True for an address of this machine that no other can reach. */
export function isLoopbackAddress(address: string): boolean {
  return isIPv4(address) ? loopback.check(address) : address === "::1";
}

/** True for an address that means something else on every network, such as the one where clouds tell a machine its secrets. */
export function isLinkLocalAddress(address: string): boolean {
  if (isIPv4(address)) return linkLocalV4.check(address);
  return address.includes("%") || (isIPv6(address) && linkLocalV6.check(address, "ipv6"));
}

function blockList(subnets: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network, bits] = subnet.split("/");
    list.addSubnet(network!, Number(bits), family);
  }
  return list;
}
