import { failedOutcome } from "./answer-failure.ts";
import { scopeProblem, ttlProblem, type Cache, type CacheScope } from "./caching.ts";
import { ReadContext, type Surroundings } from "./context.ts";
import { bytesToBase64 } from "./base64.ts";
import type { Resource, ResourceContents, ResourceTemplate } from "./define-resource.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import { failure, RPC_ERROR, type Outcome } from "./messages.ts";
import type { Provider } from "./provider.ts";
import { describeType, ReturnError } from "./return-error.ts";
import { isObject } from "./tool-result.ts";
import { parseUriTemplate } from "./uri-template.ts";

/** Reads one URI. */
export type ReadResource = (uri: string, context: string) => MaybePromise<Outcome>;

interface Found {
  /** For the log. */
  readonly name: string;
  readonly mimeType?: string | undefined;
  readonly cache?: Cache | undefined;
  /** True when a caller needs scopes for it. */
  readonly guarded?: boolean;
  readonly read: (ctx: ReadContext) => unknown;
}

/**
 * How a provider reads URIs: its resources first, then the template that matches and has the most characters outside its
 * expressions, then its own `read`.
 */
export function resourceReader(provider: Provider, surroundings: Surroundings): ReadResource {
  const find = resourceFinder(provider);
  return (uri, context) => {
    const found = find(uri);
    if (found === undefined) return unknownResource(uri);
    const ctx = new ReadContext(context, surroundings, uri);
    return attempt<Outcome>(
      () =>
        whenDone(found.read(ctx), (returned) =>
          returned === undefined
            ? unknownResource(uri)
            : { tag: "success", val: contentsJson(returned, uri, found) },
        ),
      (error) => failedOutcome("resource", found.name, error, ctx),
    );
  };
}

function unknownResource(uri: string): Outcome {
  return failure(RPC_ERROR.invalidParams, "Unknown resource", { uri });
}

function resourceFinder({
  resources = [],
  resourceTemplates = [],
  dynamic,
  cache: { reads } = {},
}: Provider): (uri: string) => Found | undefined {
  const exact = new Map(resources.map((resource) => [resource.uri, resource]));
  const templates = resourceTemplates
    .map((definition) => ({ definition, template: parseUriTemplate(definition.uriTemplate) }))
    .sort((a, b) => b.template.literalLength - a.template.literalLength);
  const own = dynamic?.resources;
  return (uri) => {
    const resource = exact.get(uri);
    if (resource !== undefined) {
      return { name: uri, ...declared(resource), read: (ctx) => resource.read(uri, ctx) };
    }
    for (const { definition, template } of templates) {
      const values = template.match(uri);
      if (values === undefined) continue;
      const { uriTemplate } = definition;
      return {
        name: uriTemplate,
        ...declared(definition),
        read: (ctx) => definition.read(values as never, ctx),
      };
    }
    return own && { name: uri, cache: reads, read: (ctx) => own.read(uri, ctx) };
  };

  function declared({
    mimeType,
    cache = reads,
    scopes = [],
  }: Resource | ResourceTemplate): Omit<Found, "name" | "read"> {
    return { mimeType, cache, guarded: scopes.length > 0 };
  }
}

function contentsJson(returned: unknown, uri: string, found: Found): string {
  const { mimeType } = found;
  const described = mimeType === undefined ? { uri } : { uri, mimeType };
  if (typeof returned === "string") return resultJson(found, {}, [{ ...described, text: returned }]);
  if (returned instanceof Uint8Array) {
    return resultJson(found, {}, [{ ...described, blob: bytesToBase64(returned) }]);
  }
  if (!isObject(returned) || !Array.isArray(returned["contents"])) {
    throw new ReturnError(
      `it returned ${describeType(returned)}, and must return a string, a Uint8Array or contents`,
    );
  }
  const { contents } = returned;
  for (const [index, item] of contents.entries()) {
    const problem = contentsProblem(item);
    if (problem !== undefined) throw new ReturnError(`contents[${index}] ${problem}`);
  }
  return resultJson(found, returned, contents as ResourceContents[]);
}

interface Further {
  readonly ttlMs?: unknown;
  readonly cacheScope?: unknown;
  readonly _meta?: unknown;
}

/** Hints come first, where the protocol core finds them without parsing; without any, those of the core stand. */
function resultJson(
  { cache, guarded }: Found,
  { ttlMs = cache?.ttlMs, cacheScope = cache?.scope, _meta }: Further,
  contents: readonly ResourceContents[],
): string {
  const rest = JSON.stringify({ contents, ...(isObject(_meta) ? { _meta } : {}) });
  if (ttlMs === undefined && cacheScope === undefined) return rest;
  const problem =
    problemOf("ttlMs", ttlMs === undefined ? undefined : ttlProblem(ttlMs)) ??
    problemOf("cacheScope", scopeProblem(cacheScope)) ??
    problemOf(
      "cacheScope",
      guarded && cacheScope === "public" ? "is public, and a caller needs scopes" : undefined,
    );
  if (problem !== undefined) throw new ReturnError(problem);
  return `{${hintsText((ttlMs as number | undefined) ?? 0, cacheScope as CacheScope | undefined)}${rest.slice(1)}`;
}

function problemOf(member: string, problem: string | undefined): string | undefined {
  return problem && `its ${member} ${problem}`;
}

function hintsText(ttlMs: number, scope: CacheScope = "private"): string {
  return `"ttlMs":${ttlMs},"cacheScope":"${scope}",`;
}

function contentsProblem(item: unknown): string | undefined {
  if (!isObject(item)) return "is not an object";
  const { uri, mimeType, text, blob } = item;
  if (typeof uri !== "string") return "has no uri";
  if (mimeType !== undefined && typeof mimeType !== "string") return "has a mimeType that is not a string";
  if ((typeof text === "string") === (typeof blob === "string"))
    return "has not one of text and blob, as a string";
  return undefined;
}
