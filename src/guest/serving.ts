let serving = false;

/** Says that host functions may be called from now on. They may not while the build loads the module. */
export function startServing(): void {
  serving = true;
}

/** False while the build loads the module. */
export function isServing(): boolean {
  return serving;
}

/**
 * Refuses what only works during a call.
 *
 * @throws Error while the build loads the module.
 */
export function requireServing(what: string): void {
  if (!serving) throw new Error(`${what} cannot be called while the module is loaded`);
}
