export { defaultCacheDir, openCache, type Cache } from "./cache.ts";
