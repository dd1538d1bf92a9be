import { failedOutcome } from "./answer-failure.ts";
import { ReadContext, type Surroundings } from "./context.ts";
import { bytesToBase64 } from "./base64.ts";
import type { ResourceContents } from "./define-resource.ts";
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
            : { tag: "success", val: contentsJson(returned, uri, found.mimeType) },
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
}: Provider): (uri: string) => Found | undefined {
  const exact = new Map(resources.map((resource) => [resource.uri, resource]));
  const templates = resourceTemplates
    .map((definition) => ({ definition, template: parseUriTemplate(definition.uriTemplate) }))
    .sort((a, b) => b.template.literalLength - a.template.literalLength);
  const own = dynamic?.resources;
  return (uri) => {
    const resource = exact.get(uri);
    if (resource !== undefined) {
      return { name: uri, mimeType: resource.mimeType, read: (ctx) => resource.read(uri, ctx) };
    }
    for (const { definition, template } of templates) {
      const values = template.match(uri);
      if (values === undefined) continue;
      const { uriTemplate, mimeType } = definition;
      return { name: uriTemplate, mimeType, read: (ctx) => definition.read(values as never, ctx) };
    }
    return own && { name: uri, read: (ctx) => own.read(uri, ctx) };
  };
}

function contentsJson(returned: unknown, uri: string, mimeType: string | undefined): string {
  const described = mimeType === undefined ? { uri } : { uri, mimeType };
  if (typeof returned === "string") return JSON.stringify({ contents: [{ ...described, text: returned }] });
  if (returned instanceof Uint8Array) {
    return JSON.stringify({ contents: [{ ...described, blob: bytesToBase64(returned) }] });
  }
  if (!isObject(returned) || !Array.isArray(returned["contents"])) {
    throw new ReturnError(
      `it returned ${describeType(returned)}, and must return a string, a Uint8Array or contents`,
    );
  }
  const { contents, _meta } = returned;
  for (const [index, item] of contents.entries()) {
    const problem = contentsProblem(item);
    if (problem !== undefined) throw new ReturnError(`contents[${index}] ${problem}`);
  }
  return JSON.stringify({ contents: contents as ResourceContents[], ...(isObject(_meta) ? { _meta } : {}) });
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
