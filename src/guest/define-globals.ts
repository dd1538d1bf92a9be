/** Defines globals as the engine defines its own: not enumerable, and open to replacement. */
export function defineGlobals(values: Readonly<Record<string, unknown>>, target: object = globalThis): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
