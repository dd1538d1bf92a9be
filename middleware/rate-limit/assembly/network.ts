import { ascii, byteAt, indexOfByte, lengthOf, slice, Text } from "../../assembly/text";
import { begin, put, putAscii, putByte, putString, restore, save, written } from "../../assembly/writer";

const COLON: u8 = 0x3a;
const DOT: u8 = 0x2e;
const GROUPS: i32 = 8;
/** Groups that tell networks apart. */
const NETWORK_GROUPS: i32 = 4;

/** Groups of the network that are written. */
let count: i32 = 0;

/**
 * Writes, as a JSON string, an IPv4 address as it is, and the first 64 bits of an IPv6 one, as whoever has one of these has the
 * others as well (RFC 6177, section 2).
 */
export function putNetwork(peer: Text): void {
  save();
  begin();
  if (indexOfByte(peer, COLON) < 0) put(peer);
  else if (isMapped(peer)) put(slice(peer, "::ffff:".length, lengthOf(peer)));
  else putPrefix(withoutZone(peer));
  const network = written();
  restore();
  putString(network);
}

/** Whether it is an IPv4 address that is written as one of IPv6. */
function isMapped(peer: Text): bool {
  const prefix = "::ffff:";
  let at = 0;
  for (; at < prefix.length; at++) {
    if (at >= lengthOf(peer) || lower(byteAt(peer, at)) != <i32>prefix.charCodeAt(at)) return false;
  }
  for (let part = 0; part < 4; part++) {
    if (part > 0) {
      if (at >= lengthOf(peer) || byteAt(peer, at) != DOT) return false;
      at++;
    }
    const from = at;
    while (at < lengthOf(peer) && <u32>(byteAt(peer, at) - 0x30) < 10) at++;
    if (at == from) return false;
  }
  return at == lengthOf(peer);
}

function withoutZone(peer: Text): Text {
  const zone = indexOfByte(peer, 0x25);
  return zone < 0 ? peer : slice(peer, 0, zone);
}

function putPrefix(address: Text): void {
  count = 0;
  const gap = gapIn(address, 0);
  if (gap < 0) putGroups(address);
  else {
    const head = slice(address, 0, gap);
    const behind = gapIn(address, gap + 2);
    const tail = slice(address, gap + 2, behind < 0 ? lengthOf(address) : behind);
    // A last part that is written as IPv4 stands for two groups.
    const known = groupsIn(head) + groupsIn(tail) + i32(endsInIpv4(tail));
    putGroups(head);
    for (let i = known; i < GROUPS; i++) putGroup(ascii("0"));
    putGroups(tail);
  }
  putAscii("::/64");
}

/** Where two colons are next to each other; -1 where none are. */
function gapIn(address: Text, from: i32): i32 {
  for (let at = from; at + 1 < lengthOf(address); at++) {
    if (byteAt(address, at) == COLON && byteAt(address, at + 1) == COLON) return at;
  }
  return -1;
}

function groupsIn(part: Text): i32 {
  if (lengthOf(part) == 0) return 0;
  let groups = 1;
  for (let at = 0; at < lengthOf(part); at++) groups += i32(byteAt(part, at) == COLON);
  return groups;
}

function endsInIpv4(part: Text): bool {
  for (let at = lengthOf(part) - 1; at >= 0 && byteAt(part, at) != COLON; at--) {
    if (byteAt(part, at) == DOT) return true;
  }
  return false;
}

function putGroups(part: Text): void {
  if (lengthOf(part) == 0) return;
  for (let from = 0; from >= 0;) {
    const end = indexOfByte(part, COLON, from);
    putGroup(slice(part, from, end < 0 ? lengthOf(part) : end));
    from = end < 0 ? -1 : end + 1;
  }
}

/** Without zeros in front of its last character. */
function putGroup(group: Text): void {
  if (count == NETWORK_GROUPS) return;
  if (count++ > 0) putByte(COLON);
  let from = 0;
  while (from + 1 < lengthOf(group) && byteAt(group, from) == 0x30) from++;
  for (let at = from; at < lengthOf(group); at++) putByte(lower(byteAt(group, at)));
}

function lower(byte: i32): i32 {
  return <u32>(byte - 0x41) < 26 ? byte + 0x20 : byte;
}
