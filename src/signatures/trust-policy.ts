import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ToolkitError } from "../errors/index.ts";
import {
  formatReference,
  parseReference,
  type Descriptor,
  type OciReference,
  type Repository,
} from "../oci/index.ts";
import { readPublicKey, type PublicKey } from "./public-key.ts";
import { checkSignatures, type Refusal, type Signer } from "./verify-signatures.ts";

/** One rule of `trust` in a `tenon.json`: whose signature an artifact of a repository needs, or that it needs none. */
export type TrustRule = {
  /** `registry/path`, or `registry/path/*` for every repository below. */
  repository: string;
} & (
  | {
      /** Files of public keys, relative to the `tenon.json`. A signature of any of them will do. */
      keys: readonly string[];
    }
  | {
      /** Nobody need have signed it. */
      unsigned: true;
    }
);

/** What may be taken from registries, and on whose word. */
export interface TrustPolicy {
  /**
   * Judges an artifact before anything of it is fetched but its manifest.
   *
   * @returns who signed it; nothing where the policy asks for no signature
   * @throws {@link ToolkitError} `ERR_TRUST` with the reason; `ERR_OCI_*` when the registry fails
   */
  admit(manifest: Descriptor, repository: Repository): Promise<Signer | undefined>;
  /**
   * Checks that each rule is for one of these references at least: one that is for none is misspelt, or not needed.
   *
   * @throws {@link ToolkitError} `ERR_CONFIG`
   */
  checkUsed(references: readonly OciReference[]): void;
}

interface Rule {
  index: number;
  written: string;
  /** With a slash at its end for all below. */
  prefix: string;
  /** Nothing where no signature is needed. */
  keys: readonly PublicKey[] | undefined;
}

/**
 * Reads the rules of a `tenon.json` and the keys they name. Without rules, all is let through. With rules, each artifact
 * must be covered by one; an exact one goes before one with a star, and a longer one before a shorter one.
 *
 * @param folder What the files of keys are relative to.
 * @throws {@link ToolkitError} `ERR_CONFIG` for a rule that cannot be meant so, with its place; `ERR_FILE` and `ERR_SIGNATURE`
 * for a key that cannot be read
 */
export async function trustPolicy(
  rules: readonly TrustRule[] | undefined,
  folder: string,
): Promise<TrustPolicy> {
  if (rules === undefined) {
    return { admit: async () => undefined, checkUsed: () => undefined };
  }
  const read = await Promise.all(rules.map((rule, index) => readRule(rule, index, folder)));
  const twice = read.find(({ prefix }, i) => read.findIndex((rule) => rule.prefix === prefix) < i);
  if (twice) throw ruleError(twice.index, twice.written, "an earlier rule is for the same");
  const find = (reference: OciReference): Rule => {
    const rule = ruleFor(reference, read);
    if (rule) return rule;
    const hint = `Add a rule to "trust" for "${nameOf(reference)}", with the key of who publishes it`;
    throw trustError(reference, "no rule of tenon.json covers it", [], hint);
  };
  return {
    async admit(manifest, repository) {
      const reference = { ...repository.reference, digest: manifest.digest };
      const { keys } = find(reference);
      if (keys === undefined) return undefined;
      const result = await checkSignatures(manifest, repository, keys);
      if ("keyId" in result) return result;
      throw trustError(reference, result.state, [...result.details, trusted(keys)], hintFor(result));
    },
    checkUsed(references) {
      const used = new Set(references.map((reference) => ruleFor(reference, read)));
      const idle = read.find((rule) => !used.has(rule));
      if (!idle) return;
      throw ruleError(
        idle.index,
        idle.written,
        "it is for none of the components that are named here",
        "Correct it, or remove it",
      );
    },
  };
}

async function readRule(rule: TrustRule, index: number, folder: string): Promise<Rule> {
  const { repository: written } = rule;
  const below = written.endsWith("/*");
  const prefix = below ? written.slice(0, -1) : written;
  let reference: OciReference | undefined;
  try {
    reference = parseReference(below ? `${prefix}any` : prefix);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
  }
  // What is read back must be what was written, so that a tag, a digest or another star is no silent part of it.
  if (!reference || nameOf(reference) !== (below ? `${prefix}any` : prefix)) {
    throw ruleError(
      index,
      written,
      'it is not like "registry.example/team/name" or "registry.example/team/*"',
    );
  }
  return {
    index,
    written,
    prefix,
    keys: "keys" in rule ? await readKeys(rule.keys, index, folder) : undefined,
  };
}

async function readKeys(files: readonly string[], index: number, folder: string): Promise<PublicKey[]> {
  return await Promise.all(
    files.map(async (file, i) => {
      try {
        return readPublicKey(await readFile(resolve(folder, file), "utf8"), `public key "${file}"`);
      } catch (error) {
        const known = error instanceof ToolkitError;
        const { code, message } = error as NodeJS.ErrnoException;
        const state = code === "ENOENT" ? "there is no such file" : message;
        throw new ToolkitError(known ? error.message : `Cannot read public key "${file}": ${state}`, {
          code: known ? error.code : "ERR_FILE",
          at: ["trust", index, "keys", i],
          hint: (known && error.hint) || 'Name the ".pub" file of who signs, relative to this file',
          cause: error,
        });
      }
    }),
  );
}

/** The rule for a repository: the longest of those that cover it, so that an exact one comes first. */
function ruleFor(reference: OciReference, rules: readonly Rule[]): Rule | undefined {
  const name = nameOf(reference);
  return rules
    .filter(({ prefix }) => (prefix.endsWith("/") ? name.startsWith(prefix) : name === prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

function nameOf({ registry, repository }: OciReference): string {
  return `${registry}/${repository}`;
}

function trusted(keys: readonly PublicKey[]): string {
  return `trusted: ${keys.map(({ id }) => id).join(", ")}`;
}

function hintFor({ reason }: Refusal): string {
  if (reason === "unsigned") return 'Let who publishes it sign it, with "tenon push --sign" or cosign';
  if (reason === "key")
    return "If its publisher has a new key, get that from the publisher and name it in the rule";
  return "Do not use it; ask who publishes it";
}

function trustError(
  reference: OciReference,
  state: string,
  details: readonly string[],
  hint?: string,
): ToolkitError {
  return new ToolkitError(`Cannot trust "${formatReference(reference)}": ${state}`, {
    code: "ERR_TRUST",
    details,
    ...(hint !== undefined && { hint }),
  });
}

function ruleError(index: number, written: string, state: string, hint?: string): ToolkitError {
  return new ToolkitError(`Cannot use the trust rule for "${written}": ${state}`, {
    code: "ERR_CONFIG",
    at: ["trust", index, "repository"],
    ...(hint !== undefined && { hint }),
  });
}
