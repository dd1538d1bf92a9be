import { canonicalJson, type CoreManifest, type Json } from "../manifest/index.ts";

/** Who may do what in a composed server, as its manifest says: what an operator wants to read before it runs. */
export function writePolicy(core: CoreManifest): Uint8Array {
  const parts = (
    list: readonly { as: string; name: string; version: string; digest: string; grants?: unknown }[],
  ) =>
    list.map(({ as, name, version, digest, grants }) => ({
      as,
      name,
      version,
      digest,
      grants: grants ?? {},
    }));
  const { access, policyDigest, roles, rules, stubs } = core;
  const policy = {
    policyVersion: 1,
    access,
    policyDigest,
    middleware: parts(core.middleware),
    providers: parts(core.providers),
    roles,
    rules,
    denied: stubs,
  };
  return new TextEncoder().encode(canonicalJson(policy as unknown as Json));
}
