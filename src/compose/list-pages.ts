import { createHash } from "node:crypto";
import { ToolkitError } from "../errors/index.ts";
import type { DynamicList } from "../manifest/index.ts";
import { definitionOf, KINDS, LISTS, type Routes } from "./routes.ts";

/** Most entries on a page of what providers define. What is dynamic comes on the last page, with all its entries. */
export const PAGE_ENTRIES = 250;

/** Largest list as text, in bytes. */
const MAX_LIST = 4 * 1024 * 1024;

/** One page of a list. */
export interface ListPage {
  /** What a client asks for it with; nothing for the first. */
  cursor: string | undefined;
  /** The text of the page up to the end of its entries. */
  head: string;
  /** What the text ends with. */
  tail: string;
}

/**
 * The pages of a list, at least one, with what providers define. A cursor stands for the whole list and a place in it: a
 * server with another list gave out others.
 */
export function listPages(list: DynamicList, routes: Routes): [ListPage, ...ListPage[]] {
  const { ttlMs, scope } = routes.cache.lists[list]!;
  const entries = routes[list].map(({ manifest }) => JSON.stringify(definitionOf(list, manifest)));
  const digest = createHash("sha256").update(entries.join("\n")).digest();
  const cursorOf = (page: number): string =>
    createHash("sha256").update(digest).update(`${list} ${page}`).digest("base64url").slice(0, 22);
  const count = Math.max(1, Math.ceil(entries.length / PAGE_ENTRIES));
  const pages = Array.from({ length: count }, (_, page) => ({
    cursor: page === 0 ? undefined : cursorOf(page),
    head: `{"ttlMs":${ttlMs},"cacheScope":"${scope}","${list}":[${entries.slice(page * PAGE_ENTRIES, (page + 1) * PAGE_ENTRIES).join()}`,
    tail: page + 1 === count ? "]}" : `],"nextCursor":"${cursorOf(page + 1)}"}`,
  }));
  return pages as [ListPage, ...ListPage[]];
}

/** Refuses lists that are too long to be constants. @throws {@link ToolkitError} `ERR_CONFIG`. */
export function checkLists(routes: Routes): void {
  for (const list of LISTS) {
    if (routes.cache.lists[list] === undefined) continue;
    const text = listPages(list, routes).map(({ head, tail }) => `${head}${tail}`);
    const { length } = new TextEncoder().encode(text.join(""));
    if (length <= MAX_LIST) continue;
    throw new ToolkitError(
      `Cannot compose "${routes.server.name}": its list of ${KINDS[list]}s takes ${length} bytes, over ${MAX_LIST}`,
      {
        code: "ERR_CONFIG",
        hint: "Shorten descriptions and schemas, or divide the providers among servers",
      },
    );
  }
}
