const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const URL_PARTS = /^(https?:\/\/[^/?#]+)([^?#]*)(\?[^#]*)?/;

/**
 * The URL of the metadata of a protected resource: the well-known path stands between the host and the path of the resource.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3.1
 * @param resource An http or https URL.
 */
export function metadataUrl(resource: string): string {
  const [, origin = "", path = "", query = ""] = URL_PARTS.exec(resource) ?? [];
  return `${origin}${WELL_KNOWN}${path === "/" ? "" : path}${query}`;
}

/** The paths at which a server has its metadata: that of the whole host, and that of where MCP is served. */
export function metadataPaths(path: string): readonly string[] {
  return [WELL_KNOWN, `${WELL_KNOWN}${path}`];
}
