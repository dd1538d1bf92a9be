import { ToolkitError } from "../errors/index.ts";
import { parseStateKeys } from "../protocol/state-keys.ts";
import { readSource } from "./read-source.ts";

/** Where keys of one kind come from. */
export interface KeyKind {
  /** What errors call one of them, such as `state key`. */
  readonly name: string;
  readonly command: string;
  /** The option that names a source. */
  readonly option: string;
  /** The variable that holds keys where no source is named. */
  readonly variable: string;
}

const HINT = 'A key is 32 random bytes in base64 or hex, such as "openssl rand -base64 32" prints';

/**
 * Reads keys from the source an option names, `env:NAME` or `file:<path>`, else from the variable of their kind. Several are
 * separated by commas or white space. Nothing when there is no source.
 *
 * @throws ToolkitError `ERR_USAGE` when the source is not named as it must be; `ERR_CONFIG` when it holds no keys;
 * `ERR_FILE` when it is a file that cannot be read.
 */
export async function readKeys(source: string | undefined, kind: KeyKind): Promise<Uint8Array[] | undefined> {
  const { variable } = kind;
  if (source === undefined) {
    const value = process.env[variable];
    return value ? parseKeys(value, `the environment variable ${variable}`, kind) : undefined;
  }
  const { text, where } = await readSource(source, { ...kind, hint: `${HINT}; name where it is kept` });
  return parseKeys(text, where, kind);
}

function parseKeys(text: string, where: string, { name }: KeyKind): Uint8Array[] {
  const keys = parseStateKeys(text, {
    fromBase64url: (digits) => new Uint8Array(Buffer.from(digits, "base64url")),
  });
  if (typeof keys !== "string") return keys;
  throw new ToolkitError(`Cannot read the ${name} from ${where}: ${keys}`, {
    code: "ERR_CONFIG",
    hint: HINT,
  });
}
