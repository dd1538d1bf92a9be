import { Store, type Secret } from "fastly:compute/secret-store@0.1.0";
import { grants } from "../wasi/grants.ts";
import { ServiceError } from "../wasi/service-error.ts";
import { binaryString, decodeUtf8 } from "../wasi/text.ts";

/** Longest secret of a secret store, in bytes. */
const MAX_SECRET_BYTES = 65_536;

let store: Store | undefined;

/** `tenon:host/secrets` of a secret store. An empty secret counts as missing. */
export const secrets = {
  get(name: string): string {
    if (!grants.secrets.some((each) => each.name === name))
      throw new ServiceError("denied", `no grant covers the secret "${name}"`);
    const value = read(name);
    if (!value) throw new ServiceError("missing", `the host has no secret "${name}"`);
    return value;
  },
};

function read(name: string): string | undefined {
  let secret: Secret | null;
  try {
    store ??= Store.open(SECRET_STORE);
    secret = store.get(name);
  } catch {
    throw new ServiceError("unavailable", `the secret store "${SECRET_STORE}" does not answer`);
  }
  return secret === null ? undefined : decodeUtf8(binaryString(secret.plaintext(MAX_SECRET_BYTES)));
}
