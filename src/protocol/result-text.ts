import { CHANGING_LISTS } from "./changes.ts";
import {
  cacheHints,
  HINTS_START,
  STALE,
  type Cacheable,
  type CacheHints,
  type CacheScope,
} from "./cache-hints.ts";
import { DOWNGRADES } from "./legacy-result.ts";
import { isObject } from "./message.ts";
import { REVISIONS, type Era } from "./revisions.ts";
import { scanJson } from "./scan-json.ts";

const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
// Deep nesting takes JSON.parse seconds; a component must not have the host spend them.
const LIMITS = { maxDepth: 512, maxTokens: Infinity };

/** Turns result texts of the core into those of one revision, without parsing where it can. */
export interface ResultShaper {
  /** What `shape` gave for that result the last time, by a key: most are constants, and comparing takes less than looking through them. */
  remembered(key: string, result: string, shape: () => string | undefined): string | undefined;
  /** The answer to `initialize`. Nothing when the core's is not an object. */
  initialize(result: string, protocolVersion: string): string | undefined;
  /** The answer to `server/discover` since 2026-07-28. */
  discover(result: string): string | undefined;
  /** Any other result before 2026-07-28: without what those revisions do not have. */
  legacy(result: string, method: string): string | undefined;
  /** Any other result since 2026-07-28. Those that are `cacheable` say how long they stay fresh. */
  modern(result: string, cacheable: Cacheable): string | undefined;
  /** What asks a client since 2026-07-28 to answer and to send its request again. */
  inputRequired(members: { inputRequests?: Record<string, unknown>; requestState: string }): string;
}

/**
 * Creates a {@link ResultShaper} for a server.
 *
 * @param serverInfo What modern results carry in `_meta`.
 * @param widest The widest scope that results may have, whatever components say.
 * @param declared Capabilities of the protocol core and the host, besides those of the core.
 * @param hears The eras whose clients can be told of changes.
 * @param extensions Those of MCP that it speaks, since 2026-07-28.
 */
export function createResultShaper(
  serverInfo: { name: string; version: string; title?: string | undefined },
  widest: CacheScope,
  declared: Record<string, unknown>,
  hears: Readonly<Record<Era, boolean>>,
  extensions: Record<string, unknown>,
): ResultShaper {
  const prefix = `"resultType":"complete","_meta":{"${SERVER_INFO}":${JSON.stringify(serverInfo)}}`;

  function modern(result: string, cacheable: Cacheable): string | undefined {
    const start = cacheable === false ? null : HINTS_START.exec(result);
    const rest = start === null ? result : `{${result.slice(start[0].length)}`;
    const hints = hintsOf({ ttlMs: Number(start?.[1] ?? 0), cacheScope: start?.[2] }, cacheable);
    // A key that occurs nowhere in the text is not a member of the object. One that does may be a nested one.
    const mayHaveOwn =
      rest.includes('"resultType"') ||
      rest.includes('"_meta"') ||
      (cacheable !== false && (rest.includes('"ttlMs"') || rest.includes('"cacheScope"')));
    if (!mayHaveOwn) {
      const members = hints && `"ttlMs":${hints.ttlMs},"cacheScope":"${hints.cacheScope}",`;
      return withMembers(rest, `${members ?? ""}${prefix}`);
    }
    const parsed = parseObject(rest);
    return parsed && complete({ ...hints, ...parsed }, cacheable, serverInfo);
  }

  function complete(result: Record<string, unknown>, cacheable: Cacheable, server: unknown): string {
    const meta = isObject(result["_meta"]) ? result["_meta"] : {};
    return JSON.stringify({
      resultType: "complete",
      ...result,
      ...hintsOf(result, cacheable),
      _meta: { [SERVER_INFO]: server, ...meta },
    });
  }

  function hintsOf(result: Record<string, unknown>, cacheable: Cacheable): CacheHints | undefined {
    if (cacheable === false) return undefined;
    return cacheable === "stale" ? STALE : cacheHints(result["ttlMs"], result["cacheScope"], widest);
  }

  const shaped = new Map<string, { result: string; text: string | undefined }>();

  return {
    remembered: (key, result, shape) => {
      const before = shaped.get(key);
      if (before?.result === result) return before.text;
      const text = shape();
      shaped.set(key, { result, text });
      return text;
    },
    modern,
    inputRequired: (members) =>
      JSON.stringify({
        resultType: "input_required",
        _meta: { [SERVER_INFO]: serverInfo },
        ...members,
      }),
    legacy: (result, method) => {
      const downgrade = DOWNGRADES.get(method);
      const text = downgrade === undefined ? result : downgrade(result, parseObject);
      return text !== undefined && isObjectText(text) ? text : undefined;
    },
    initialize: (result, protocolVersion) => {
      const parsed = parseObject(result);
      if (!parsed) return undefined;
      const { ttlMs: _, cacheScope: __, ...rest } = parsed;
      return JSON.stringify({ protocolVersion, ...withCapabilities(rest, declared, hears.legacy) });
    },
    discover: (result) => {
      const parsed = parseObject(result);
      if (!parsed) return undefined;
      // Since 2026-07-28 the server is described in `_meta` only: here in full, elsewhere in short.
      const { serverInfo: full, ...rest } = withExtensions(
        withCapabilities(parsed, declared, hears.modern),
        extensions,
      );
      return complete({ supportedVersions: REVISIONS, ...rest }, true, isObject(full) ? full : serverInfo);
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
