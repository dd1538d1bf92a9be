import type { CoreManifest } from "./manifest.ts";

/** One sentence for each part that is not kept from anything. */
export function unsafeWarnings({ middleware, providers }: CoreManifest): string[] {
  return [...middleware, ...providers]
    .filter(({ grants }) => grants?.unsafe)
    .map(
      ({ as }) => `"${as}" is granted unsafe: no gate keeps it from files, the environment or any network`,
    );
}
