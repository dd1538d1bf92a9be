import type { Grants } from "../manifest/index.ts";

/**
 * What answers a function that a part imports.
 *
 * - `host`: the host, directly.
 * - `gate`: a generated component that passes on what a grant covers. `grant` is what it lets through; absent when its
 *   code is not what this version of tenon generates for the grant it claims, so that nothing is known about it.
 * - `stub`: a generated component that denies, and can reach no function of the host.
 * - `settings`: a constant, the part's own settings.
 * - `catalog`: constants about the whole server.
 * - `log`: a generated component that signs log lines with the part's name.
 * - `random`: a generated component that answers `insecure` random numbers from the host's `wasi:random/random`.
 * - `next`: the next link of the chain. `part`: another part.
 * - `unknown`: none of these, or something that claims to be one and is not.
 */
export type Wire =
  | { kind: "catalog" | "host" | "log" | "random" | "settings" | "stub" | "unknown" }
  | { kind: "gate"; grant?: Grants }
  /** Its name: that of a part, or `router`. */
  | { kind: "next" | "part"; part: string };

/** One interface that a part imports. */
export interface WiredImport {
  /** As the part imports it, such as `tenon:host/http@0.1.0`. */
  interface: string;
  /** Functions by what answers them: one entry unless they are split. For an interface of types alone, no functions. */
  wires: { wire: Wire; functions: string[] }[];
}

/** One component of a core. */
export interface WiredPart {
  /** Its name in the composition; `router` for the generated one. */
  as: string;
  kind: "part" | "router";
  /** By interface, in ascending order. */
  imports: WiredImport[];
  /** Bytes it takes inside the core, without core modules that are shared with others. */
  size: number;
}

/** How the parts of a core are connected. */
export interface Wiring {
  /** From the outside in: the chain, the router, then the providers in their order. */
  parts: WiredPart[];
  /** What the core itself asks of its host: functions by interface, in ascending order. */
  host: { interface: string; functions: string[] }[];
}
