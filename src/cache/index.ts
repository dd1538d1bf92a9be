export { defaultCacheDir, makePrivateFolder, openCache } from "./cache.ts";
