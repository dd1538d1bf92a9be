import type { HttpServer, LoadedCore } from "tenon/hosts/node";
import { beforeEach, expect, test } from "vitest";
import { createReloader, type ReloadResult } from "../../src/cli/reload/create-reloader.ts";

const DIGESTS = ["sha256:one", "sha256:two"];
/** What a reload asked of the server, in order. */
let asked: string[];
let results: ReloadResult[];
let digest: string;

/** What of a server a reload uses. */
const server = {
  get digest() {
    return digest;
  },
  bePatient(until: Promise<unknown>) {
    asked.push("patience");
    until.then(
      () => asked.push("loaded"),
      () => asked.push("not loaded"),
    );
  },
  replace(core: LoadedCore) {
    asked.push("replace");
    ({ digest } = core);
    return Promise.resolve();
  },
} as HttpServer;

beforeEach(() => {
  asked = [];
  results = [];
  digest = DIGESTS[0]!;
});

const core = (at: number): LoadedCore => ({ digest: DIGESTS[at], manifest: { tools: [] } }) as never;

function reloaderOf(load: () => Promise<LoadedCore>): ReturnType<typeof createReloader> {
  return createReloader(server, load, (result) => results.push(result));
}

test("A reload lets calls wait while it loads, and then replaces the core", async () => {
  await reloaderOf(() => Promise.resolve(core(1))).reload();
  expect(asked).toEqual(["patience", "loaded", "replace"]);
  expect(results).toEqual(["replaced"]);
});

test("A core that is the same is not swapped, and one that does not load leaves the one in place", async () => {
  await reloaderOf(() => Promise.resolve(core(0))).reload();
  await reloaderOf(() => Promise.reject(new Error("no file"))).reload();
  expect(asked).toEqual(["patience", "loaded", "patience", "not loaded"]);
  expect(results).toEqual(["unchanged", "failed"]);
  expect(digest).toBe(DIGESTS[0]);
});

test("Of the reloads that are asked for while one runs, one follows", async () => {
  let loads = 0;
  const reloader = reloaderOf(() => {
    loads++;
    return Promise.resolve(core(loads % 2));
  });
  await Promise.all([reloader.reload(), reloader.reload(), reloader.reload()]);
  expect(loads).toBe(2);
  expect(results).toEqual(["replaced", "replaced"]);
});
