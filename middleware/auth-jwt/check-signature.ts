import type { CompactJws } from "./compact-jws.ts";
import type { VerificationKey } from "./keys.ts";

/**
 * Whether a token was signed with a key, by that key's algorithm; its header must name the same one.
 *
 * @returns why not, as a short code; nothing when it was.
 */
export async function signatureProblem(jws: CompactJws, key: VerificationKey): Promise<string | undefined> {
  if (jws.algorithm !== key.algorithm) return "wrong-algorithm";
  const isSigned = await key.verify(new TextEncoder().encode(jws.signed), jws.signature);
  return isSigned ? undefined : "bad-signature";
}
