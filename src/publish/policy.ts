import { canonicalJson, type CoreManifest, type Json, type PartManifest } from "../manifest/index.ts";

/** Who may do what in a composed server, as its manifest says: what an operator wants to read before it runs. */
export function writePolicy(core: CoreManifest): Uint8Array {
  const { access, policyDigest, roles, rules, stubs } = core;
  const policy = {
    policyVersion: 1,
    access,
    policyDigest,
    middleware: core.middleware.map(partPolicy),
    providers: core.providers.map(partPolicy),
    roles,
    rules,
    denied: stubs,
  };
  return new TextEncoder().encode(canonicalJson(policy as unknown as Json));
}

function partPolicy({ as, name, version, digest, grants = {} }: PartManifest): object {
  return { as, name, version, digest, grants };
}
