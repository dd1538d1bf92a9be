import type { CoreManifest } from "../manifest/index.ts";
import { listPages } from "./list-pages.ts";
import { routesOf } from "./prove-core.ts";
import { LIST_METHODS } from "./router.ts";
import { discovery, LISTS } from "./routes.ts";

/**
 * What the router of a core answers as constants, by methods: lists without a cursor that no provider is asked for, and
 * `server/discover`. Its manifest proves them. Middleware that acts on a method may refuse it, or change its result.
 */
export function routedResults(manifest: CoreManifest): Map<string, string> {
  const routes = routesOf(manifest);
  const lists = LISTS.filter(
    (list) => routes.cache.lists[list] !== undefined && routes.dynamic[list] === undefined,
  ).map((list): [string, string] => {
    const [{ head, tail }] = listPages(list, routes);
    return [LIST_METHODS[list], `${head}${tail}`];
  });
  return new Map([...lists, ["server/discover", discovery(routes)]]);
}

/** Those of {@link routedResults} that no middleware acts on: what a core answers whoever asks. */
export function constantResults(manifest: CoreManifest): Map<string, string> {
  const actsOn = (method: string): boolean =>
    manifest.middleware.some(({ methods }) => methods === undefined || methods.includes(method));
  return new Map([...routedResults(manifest)].filter(([method]) => !actsOn(method)));
}
