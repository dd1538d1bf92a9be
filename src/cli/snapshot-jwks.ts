import { ToolkitError } from "../errors/index.ts";
import type { Json } from "../manifest/index.ts";
import type { Project } from "../project/index.ts";

/** A set of keys is a few kilobytes. */
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Puts the keys that each `jwksUri` of the middleware has today into its settings, as `jwks`, and takes away its grants of
 * `http` and `kv`, which were for fetching them. Encryption keys are left out.
 *
 * @returns the project with these settings, and a sentence for each that says so
 * @throws {@link ToolkitError} `ERR_CONFIG` when there is none, or what it leads to is no set of keys: anything but 200,
 * more than 64 KiB, later than 10 s, redirected, or not by https (http on a loopback address).
 */
export async function snapshotJwks(project: Project): Promise<{ project: Project; warnings: string[] }> {
  const grants = { ...project.file.grants };
  const warnings: string[] = [];
  const middleware = await Promise.all(
    project.middleware.map(async (part) => {
      const { jwksUri, ...settings } = part.settings ?? {};
      if (typeof jwksUri !== "string") return part;
      const keys = await fetchKeys(jwksUri);
      const { http: _, kv: __, ...others } = grants[part.as] ?? {};
      delete grants[part.as];
      if (Object.keys(others).length > 0) grants[part.as] = others;
      warnings.push(
        `"${part.as}" has the keys (${keys.length}) that ${jwksUri} has now, and no grant to fetch others: compose again before the issuer signs with a new one`,
      );
      return { ...part, settings: { ...settings, jwks: { keys } } };
    }),
  );
  if (warnings.length === 0) {
    throw new ToolkitError('Cannot take a snapshot of keys: no middleware has a setting "jwksUri"', {
      code: "ERR_CONFIG",
      hint: 'Leave out "--snapshot-jwks"',
    });
  }
  return { project: { ...project, middleware, file: { ...project.file, grants } }, warnings };
}

async function fetchKeys(from: string): Promise<Json[]> {
  const cannot = (state: string, cause?: unknown): ToolkitError =>
    new ToolkitError(`Cannot take a snapshot of the keys at "${from}": ${state}`, {
      code: "ERR_CONFIG",
      cause,
    });
  const url = URL.canParse(from) ? new URL(from) : undefined;
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && LOOPBACK.test(url.hostname))) {
    throw cannot("it is no https URL");
  }
  let text: string;
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status !== 200) throw cannot(`it answers with status ${response.status}`);
    text = await readText(response);
  } catch (error) {
    if (error instanceof ToolkitError) throw error;
    throw cannot("it cannot be fetched, or not in time", error);
  }
  if (text.length > MAX_BYTES) throw cannot(`it has more than ${MAX_BYTES} bytes`);
  const keys = keysIn(text);
  if (keys === undefined || keys.length === 0) throw cannot("it has no set of signature keys");
  return keys;
}

/** As much of the content as is over the limit at most. */
async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_BYTES) break;
  }
  return text;
}

function keysIn(text: string): Json[] | undefined {
  let set: Json;
  try {
    set = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (set === null || typeof set !== "object" || Array.isArray(set) || !Array.isArray(set["keys"]))
    return undefined;
  return set["keys"].filter(
    (key) =>
      key !== null && typeof key === "object" && !Array.isArray(key) && (key["use"] ?? "sig") === "sig",
  );
}
