export { defaultCacheDir, openCache } from "./cache.ts";
