import v8 from "node:v8";

/** V8 has both on, and each alone would have it optimize all there is. */
const FLAGS = ["wasm-tier-up", "wasm-dynamic-tiering"];

/**
 * Has V8 optimize no WebAssembly of this process from now on, whatever thread compiles it. Of tools that run for a second once,
 * optimizing takes half of the processor's time. Nothing that is to run for long may be compiled or called meanwhile, since it would
 * stay as it is.
 *
 * @returns what has V8 optimize again
 */
export function leaveUnoptimized(): () => void {
  for (const flag of FLAGS) v8.setFlagsFromString(`--no-${flag}`);
  return () => {
    for (const flag of FLAGS.toReversed()) v8.setFlagsFromString(`--${flag}`);
  };
}
