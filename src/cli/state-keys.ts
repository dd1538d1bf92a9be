import { ToolkitError } from "../errors/index.ts";
import type { CoreManifest } from "../manifest/index.ts";
import { parseStateKeys } from "../protocol/index.ts";
import { usageError } from "./arguments.ts";
import { readInput } from "./files.ts";

const VARIABLE = "TENON_STATE_KEY";
const HINT = 'A key is 32 random bytes in base64 or hex, such as "openssl rand -base64 32" prints';

/**
 * Reads the keys that seal what clients carry: from the source `--state-key` names, else from `TENON_STATE_KEY`. Several
 * are separated by commas or white space; the first one seals. Nothing when there is no source.
 *
 * @throws ToolkitError `ERR_USAGE` when the source is not named as it must be; `ERR_CONFIG` when it holds no keys;
 * `ERR_FILE` when it is a file that cannot be read.
 */
export async function readStateKeys(source: string | undefined): Promise<Uint8Array[] | undefined> {
  if (source === undefined) {
    const value = process.env[VARIABLE];
    return value ? parseKeys(value, `the environment variable ${VARIABLE}`) : undefined;
  }
  const at = source.indexOf(":");
  const [kind, name] = [source.slice(0, at), source.slice(at + 1)];
  if (name === "" || (kind !== "env" && kind !== "file")) {
    // What is given may be the key itself, which must not be shown.
    throw usageError(
      "serve",
      '"--state-key" is not like env:NAME or file:PATH',
      `${HINT}; name where it is kept`,
    );
  }
  if (kind === "file") {
    return parseKeys(Buffer.from(await readInput(name, "state key")).toString("utf8"), `the file "${name}"`);
  }
  return parseKeys(process.env[name] ?? "", `the environment variable ${name}`);
}

/** Says what a server without a key of its own cannot do, when its core asks clients. */
export function stateKeyWarnings(manifest: CoreManifest, keys: readonly Uint8Array[] | undefined): string[] {
  const part = keys === undefined ? manifest.providers.find(({ asks }) => asks === true) : undefined;
  if (part === undefined) return [];
  return [
    `"${part.as}" asks clients, and no --state-key is given: a random key is used, so requests that wait for an answer do not outlive this process`,
  ];
}

function parseKeys(text: string, where: string): Uint8Array[] {
  const keys = parseStateKeys(text, {
    fromBase64url: (digits) => new Uint8Array(Buffer.from(digits, "base64url")),
  });
  if (typeof keys !== "string") return keys;
  throw new ToolkitError(`Cannot read the state key from ${where}: ${keys}`, {
    code: "ERR_CONFIG",
    hint: HINT,
  });
}
