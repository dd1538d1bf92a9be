import type { CoreManifest } from "../../src/manifest/index.ts";
import type { Environment } from "./services/environment.ts";

const WASI = /^wasi:(?:cli|clocks|filesystem|http|io|random|sockets)\//;

/** True for an interface that only unsafe parts may import of this host. */
export function isUnsafeInterface(name: string): boolean {
  return WASI.test(name);
}

/** True when some part of a core was granted the whole of WASI. */
export function isUnsafeCore({ middleware, providers }: CoreManifest): boolean {
  return [...middleware, ...providers].some(({ grants }) => grants?.unsafe === true);
}

/** The environment that unsafe parts see: what the process has, without what it holds for Tenon and for other parts. */
export function unsafeEnvironment(environment: Environment = process.env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("TENON_"),
    ),
  );
}
