import type { CoreManifest } from "../manifest/index.ts";
import { listPages } from "./list-pages.ts";
import { routesOf } from "./prove-core.ts";
import { LIST_METHODS } from "./router.ts";
import { discovery, LISTS } from "./routes.ts";

/**
 * What a core answers to requests that no middleware acts on and no provider is asked for, by their methods: lists without
 * a cursor, and `server/discover`. The router of the core has them as constants, which its manifest proves.
 */
export function constantResults(manifest: CoreManifest): Map<string, string> {
  const routes = routesOf(manifest);
  const lists = LISTS.filter(
    (list) => routes.cache.lists[list] !== undefined && routes.dynamic[list] === undefined,
  ).map((list): [string, string] => {
    const [{ head, tail }] = listPages(list, routes);
    return [LIST_METHODS[list], `${head}${tail}`];
  });
  const answers: [string, string][] = [...lists, ["server/discover", discovery(routes)]];
  const actsOn = (method: string): boolean =>
    manifest.middleware.some(({ methods }) => methods === undefined || methods.includes(method));
  return new Map(answers.filter(([method]) => !actsOn(method)));
}
