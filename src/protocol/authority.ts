/** Host and port of a `Host` field or an origin, in lower case. */
export interface Authority {
  host: string;
  /** Absent where none is written. */
  port: number | undefined;
}

const AUTHORITY =
  /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::([0-9]{1,5}))?$/;
const MAX_LENGTH = 300;
const DEFAULT_PORTS: Record<string, number> = { http: 80, https: 443 };
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Reads `host` or `host:port`, and nothing else.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.2
 */
export function parseAuthority(text: string): Authority | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const match = AUTHORITY.exec(text.toLowerCase());
  if (!match) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  return port !== undefined && port > 65_535 ? undefined : { host: match[1]!, port };
}

/**
 * The canonical form of a serialised origin: lower case, without the scheme's default port. Nothing for anything
 * else, such as `null`.
 * @see https://www.rfc-editor.org/rfc/rfc6454#section-6.2
 */
export function canonicalOrigin(text: string): { origin: string; host: string } | undefined {
  const separator = text.indexOf("://");
  if (separator === -1) return undefined;
  const scheme = text.slice(0, separator).toLowerCase();
  const authority = parseAuthority(text.slice(separator + 3));
  if (!authority || !Object.hasOwn(DEFAULT_PORTS, scheme)) return undefined;
  const port =
    authority.port === undefined || authority.port === DEFAULT_PORTS[scheme] ? "" : `:${authority.port}`;
  return { origin: `${scheme}://${authority.host}${port}`, host: authority.host };
}

/** True for the names by which a machine reaches itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}
