import { join } from "node:path";
import { defaultCacheDir, openCache } from "../cache/index.ts";
import { packageVersion } from "../package/index.ts";
import { componentizeText, engineVersion } from "./componentize.ts";

const COMPONENT = "component.wasm";

/**
 * Puts a module into a component as {@link componentizeText} does, or takes the result of an earlier time from the user's
 * cache folder, where it is kept by what it is made of. For an engine that gives the same bytes for the same module.
 */
export async function componentizeCached(input: Parameters<typeof componentizeText>[0]): Promise<Uint8Array> {
  const key = JSON.stringify([packageVersion(), engineVersion(), input]);
  const cache = await openCache(join(defaultCacheDir(), "components"));
  const kept = (await cache.read(key))?.get(COMPONENT);
  if (kept !== undefined) return kept;
  const component = await componentizeText(input);
  await cache.write(key, new Map([[COMPONENT, component]]));
  return component;
}
