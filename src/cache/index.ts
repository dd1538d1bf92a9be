export { defaultCacheDir, makePrivateFolder, openCache, type Cache } from "./cache.ts";
