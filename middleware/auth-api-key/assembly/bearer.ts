import { ABSENT, byteAt, lengthOf, slice, Text } from "../../assembly/text";

const SCHEME_LENGTH: i32 = 6;

/** The token of `Bearer <token>` (RFC 6750, section 2.1); `ABSENT` where there is none. The scheme is not case-sensitive. */
export function bearerToken(authorization: Text): Text {
  const length = lengthOf(authorization);
  if (!isScheme(authorization)) return ABSENT;
  let from = SCHEME_LENGTH;
  while (from < length && byteAt(authorization, from) == 0x20) from++;
  let to = from;
  while (to < length && isTokenByte(byteAt(authorization, to))) to++;
  if (from == SCHEME_LENGTH || to == from) return ABSENT;
  while (to < length && byteAt(authorization, to) == 0x3d) to++;
  for (let at = to; at < length; at++) if (byteAt(authorization, at) != 0x20) return ABSENT;
  return slice(authorization, from, to);
}

const SCHEME: usize = memory.data<u8>([0x62, 0x65, 0x61, 0x72, 0x65, 0x72]);

function isScheme(authorization: Text): bool {
  if (lengthOf(authorization) < SCHEME_LENGTH) return false;
  for (let i = 0; i < SCHEME_LENGTH; i++) {
    if ((byteAt(authorization, i) | 0x20) != <i32>load<u8>(SCHEME + i)) return false;
  }
  return true;
}

/** Letters, digits and `._~+/-`. */
function isTokenByte(byte: i32): bool {
  if (<u32>((byte | 0x20) - 0x61) < 26 || <u32>(byte - 0x30) < 10) return true;
  switch (byte) {
    case 0x2e:
    case 0x5f:
    case 0x7e:
    case 0x2b:
    case 0x2f:
    case 0x2d:
      return true;
    default:
      return false;
  }
}
