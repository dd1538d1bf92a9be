export { attachSignatures } from "./attach-signatures.ts";
export { makeKeyPair, openPrivateKey, type KeyPair, type PrivateKey } from "./private-key.ts";
export { readPublicKey, type PublicKey } from "./public-key.ts";
export { sign } from "./sign.ts";
export { trustPolicy, type TrustPolicy, type TrustRule } from "./trust-policy.ts";
export { verifySignatures, type Signer } from "./verify-signatures.ts";
