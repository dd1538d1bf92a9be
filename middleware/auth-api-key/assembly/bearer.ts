import { behindBearer } from "../../assembly/bearer-scheme";
import { ABSENT, byteAt, lengthOf, slice, Text } from "../../assembly/text";

/** The token of `Bearer <token>` (RFC 6750, section 2.1); `ABSENT` where there is none. The scheme is not case-sensitive. */
export function bearerToken(authorization: Text): Text {
  const length = lengthOf(authorization);
  const from = behindBearer(authorization);
  if (from < 0) return ABSENT;
  let to = from;
  while (to < length && isTokenByte(byteAt(authorization, to))) to++;
  if (to == from) return ABSENT;
  while (to < length && byteAt(authorization, to) == 0x3d) to++;
  for (let at = to; at < length; at++) if (byteAt(authorization, at) != 0x20) return ABSENT;
  return slice(authorization, from, to);
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
