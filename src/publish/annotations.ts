import type { Manifest } from "../manifest/index.ts";

/** What the package of a component says of it, as in `package.json`. */
export interface PackageFacts {
  license?: unknown;
  homepage?: unknown;
  repository?: unknown;
}

const PREFIX = "org.opencontainers.image.";
/** `owner/name`, which npm takes for a repository at GitHub. */
const SHORT_REPOSITORY = /^(?:github:)?([\w.-]+\/[\w.-]+)$/;

/**
 * What people and registries see of a component before they fetch it.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
 */
export function annotationsOf(
  manifest: Manifest | undefined,
  facts: PackageFacts = {},
): Record<string, string> {
  const source = sourceOf(facts.repository);
  const { license, homepage } = facts;
  return {
    ...(manifest !== undefined && {
      [`${PREFIX}title`]: manifest.name,
      [`${PREFIX}version`]: manifest.version,
      ...(manifest.description !== undefined && { [`${PREFIX}description`]: manifest.description }),
    }),
    ...(source !== undefined && { [`${PREFIX}source`]: source }),
    ...(isText(homepage) && { [`${PREFIX}url`]: homepage }),
    ...(isText(license) && { [`${PREFIX}licenses`]: license }),
  };
}

/** The https URL of what `repository` names, without anything that gives access to it. */
function sourceOf(repository: unknown): string | undefined {
  const text =
    repository !== null && typeof repository === "object"
      ? (repository as { url?: unknown }).url
      : repository;
  if (!isText(text)) return undefined;
  const short = SHORT_REPOSITORY.exec(text);
  if (short) return `https://github.com/${short[1]}`;
  const link = text.replace(/^git\+/, "").replace(/^(?:git|ssh|git\+ssh):\/\/(?:[^@/]*@)?/, "https://");
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url?.protocol !== "https:") return undefined;
  url.username = "";
  url.password = "";
  return url.href.replace(/\.git$/, "");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
