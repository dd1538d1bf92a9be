import { CHANGING_LISTS } from "./changes.ts";
import { isObject } from "./message.ts";
import { REVISIONS, type Era } from "./revisions.ts";
import { scanJson } from "./scan-json.ts";

const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
// Deep nesting takes JSON.parse seconds; a component must not have the host spend them.
const LIMITS = { maxDepth: 512, maxTokens: Infinity };
const CACHE_DEFAULTS: Record<string, unknown> = { ttlMs: 0, cacheScope: "private" };

/** Turns result texts of the core into those of one revision, without parsing where it can. */
export interface ResultShaper {
  /** The answer to `initialize`. Nothing when the core's is not an object. */
  initialize(result: string, protocolVersion: string): string | undefined;
  /** The answer to `server/discover` since 2026-07-28. */
  discover(result: string): string | undefined;
  /** Any other result before 2026-07-28. */
  legacy(result: string): string | undefined;
  /** Any other result since 2026-07-28. */
  modern(result: string, cacheable: boolean): string | undefined;
  /** What asks a client since 2026-07-28 to answer and to send its request again. */
  inputRequired(members: { inputRequests?: Record<string, unknown>; requestState: string }): string;
}

/**
 * Creates a {@link ResultShaper} for a server.
 *
 * @param serverInfo What modern results carry in `_meta`.
 * @param declared Capabilities of the protocol core and the host, besides those of the core.
 * @param hears The eras whose clients can be told of changes.
 * @param extensions Those of MCP that it speaks, since 2026-07-28.
 */
export function createResultShaper(
  serverInfo: { name: string; version: string; title?: string | undefined },
  declared: Record<string, unknown>,
  hears: Readonly<Record<Era, boolean>>,
  extensions: Record<string, unknown>,
): ResultShaper {
  const metaMember = `"_meta":{"${SERVER_INFO}":${JSON.stringify(serverInfo)}}`;
  const plainPrefix = `"resultType":"complete",${metaMember}`;
  const cacheablePrefix = `"resultType":"complete","ttlMs":0,"cacheScope":"private",${metaMember}`;

  function modern(result: string, cacheable: boolean): string | undefined {
    // A key that occurs nowhere in the text is not a member of the object. One that does may be a nested one.
    const mayHaveOwn =
      result.includes('"resultType"') ||
      result.includes('"_meta"') ||
      (cacheable && (result.includes('"ttlMs"') || result.includes('"cacheScope"')));
    if (!mayHaveOwn) return withMembers(result, cacheable ? cacheablePrefix : plainPrefix);
    const parsed = parseObject(result);
    if (!parsed) return undefined;
    const meta = isObject(parsed["_meta"]) ? parsed["_meta"] : {};
    return JSON.stringify({
      resultType: "complete",
      ...(cacheable ? CACHE_DEFAULTS : undefined),
      ...parsed,
      _meta: { [SERVER_INFO]: serverInfo, ...meta },
    });
  }

  return {
    modern,
    inputRequired: (members) =>
      JSON.stringify({
        resultType: "input_required",
        _meta: { [SERVER_INFO]: serverInfo },
        ...members,
      }),
    legacy: (result) => (isObjectText(result) ? result : undefined),
    initialize: (result, protocolVersion) => {
      const parsed = parseObject(result);
      return (
        parsed && JSON.stringify({ protocolVersion, ...withCapabilities(parsed, declared, hears.legacy) })
      );
    },
    discover: (result) => {
      const parsed = parseObject(result);
      if (!parsed) return undefined;
      // Since 2026-07-28 the server's name is in `_meta` only.
      const { serverInfo: _, ...rest } = withExtensions(
        withCapabilities(parsed, declared, hears.modern),
        extensions,
      );
      return modern(JSON.stringify({ supportedVersions: REVISIONS, ...rest }), true);
    },
  };
}

function isObjectText(text: string): boolean {
  const trimmed = text.trim();
  return trimmed.startsWith("{") && trimmed.endsWith("}");
}

function withMembers(object: string, members: string): string | undefined {
  if (!isObjectText(object)) return undefined;
  const rest = object.slice(object.indexOf("{") + 1).trimStart();
  return rest.startsWith("}") ? `{${members}${rest}` : `{${members},${rest}`;
}

function withCapabilities(
  result: Record<string, unknown>,
  declared: Record<string, unknown>,
  changes: boolean,
): Record<string, unknown> {
  const capabilities = isObject(result["capabilities"]) ? { ...result["capabilities"] } : {};
  if (changes) {
    for (const list of CHANGING_LISTS) {
      const own = capabilities[list];
      if (isObject(own)) {
        capabilities[list] = { ...own, listChanged: true, ...(list === "resources" && { subscribe: true }) };
      }
    }
  }
  return { ...result, capabilities: { ...capabilities, ...declared } };
}

function withExtensions(
  result: Record<string, unknown>,
  extensions: Record<string, unknown>,
): Record<string, unknown> {
  if (Object.keys(extensions).length === 0) return result;
  const capabilities = result["capabilities"] as Record<string, unknown>;
  const others = isObject(capabilities["extensions"]) ? capabilities["extensions"] : {};
  return { ...result, capabilities: { ...capabilities, extensions: { ...others, ...extensions } } };
}

/** The object a text is, however deeply nested within reason; nothing when it is none. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  if (scanJson(text, LIMITS).fault === "depth") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
