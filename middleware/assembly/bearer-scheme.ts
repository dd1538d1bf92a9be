import { byteAt, lengthOf, Text } from "./text";

const SCHEME: usize = memory.data<u8>([0x62, 0x65, 0x61, 0x72, 0x65, 0x72]);
const SCHEME_LENGTH: i32 = 6;

/** Where the credential begins, behind `Bearer` in any case and spaces (RFC 6750, section 2.1); -1 where these are not in front. */
export function behindBearer(authorization: Text): i32 {
  const length = lengthOf(authorization);
  if (length < SCHEME_LENGTH) return -1;
  for (let i = 0; i < SCHEME_LENGTH; i++) {
    if ((byteAt(authorization, i) | 0x20) != <i32>load<u8>(SCHEME + i)) return -1;
  }
  let at = SCHEME_LENGTH;
  while (at < length && byteAt(authorization, at) == 0x20) at++;
  return at == SCHEME_LENGTH ? -1 : at;
}
