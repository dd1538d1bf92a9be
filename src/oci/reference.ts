import { ToolkitError } from "../errors/index.ts";

/** Where an artifact is: a repository of a registry, and what in it. */
export interface OciReference {
  /** `host` or `host:port`, in lower case. */
  registry: string;
  /** Path of the repository, such as `acme/notes`. */
  repository: string;
  /** A name that may be moved to another artifact. */
  tag?: string;
  /** `sha256:` and 64 hex digits, of the manifest. Where there is a tag as well, the digest decides. */
  digest?: string;
}

const SCHEME = "oci://";
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const HOST_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const REGISTRY = new RegExp(
  `^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-f:]{2,39}\\])(?::[1-9][0-9]{0,4})?$`,
);
const MAX_REPOSITORY_CHARACTERS = 255;
const MAX_CHARACTERS = 1024;

/**
 * Reads a reference such as `oci://registry.example/acme/notes:1.0.0`, with or without its scheme. There is no default
 * registry: the first part must look like a host, with a dot or a port, or be `localhost`.
 *
 * @throws {@link ToolkitError} `ERR_OCI_REFERENCE`
 */
export function parseReference(text: string): OciReference {
  const fail = (state: string): ToolkitError => referenceError(text, state);
  if (text.length > MAX_CHARACTERS) throw fail(`it has more than ${MAX_CHARACTERS} characters`);
  const rest = isOciReference(text) ? text.slice(SCHEME.length) : text;
  if (rest.includes("://")) throw fail('its scheme is not "oci://"');
  const [name, digest, ...more] = rest.split("@");
  if (more.length > 0) throw fail('it has more than one "@"');
  if (digest !== undefined && !isDigest(digest))
    throw fail('what follows "@" is not sha256: and 64 hex digits');
  const slash = name!.indexOf("/");
  const registry = name!.slice(0, Math.max(slash, 0)).toLowerCase();
  if (!REGISTRY.test(registry) || !/[.:]|^localhost$/.test(registry)) {
    throw fail("it does not start with the host of a registry");
  }
  if (!URL.canParse(`https://${registry}`)) throw fail(`"${registry}" is not a host`);
  const path = name!.slice(slash + 1);
  const colon = path.indexOf(":");
  const repository = colon < 0 ? path : path.slice(0, colon);
  if (!REPOSITORY.test(repository)) {
    throw fail(
      'the repository is not lower-case letters, digits and single ".", "_" or "-", in parts between "/"',
    );
  }
  if (repository.length > MAX_REPOSITORY_CHARACTERS) {
    throw fail(`the repository has more than ${MAX_REPOSITORY_CHARACTERS} characters`);
  }
  if (colon < 0) return { registry, repository, ...(digest !== undefined && { digest }) };
  const tag = path.slice(colon + 1);
  if (!TAG.test(tag)) throw fail("the tag is not 1 to 128 of A-Z a-z 0-9 _ . -");
  return { registry, repository, tag, ...(digest !== undefined && { digest }) };
}

/** The reference as `oci://registry/repository[:tag][@digest]`. */
export function formatReference({ registry, repository, tag, digest }: OciReference): string {
  return `${SCHEME}${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** True for a text that names something in a registry: it starts with `oci://`. */
export function isOciReference(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** True for a digest as this module takes it: `sha256:` and 64 hex digits in lower case. */
export function isDigest(text: unknown): text is string {
  return typeof text === "string" && DIGEST.test(text);
}

function referenceError(text: string, state: string): ToolkitError {
  return new ToolkitError(`Cannot read reference ${JSON.stringify(text.slice(0, 200))}: ${state}`, {
    code: "ERR_OCI_REFERENCE",
    hint: 'Write it as "oci://registry.example/team/name:tag" or "oci://registry.example/team/name@sha256:..."',
  });
}
