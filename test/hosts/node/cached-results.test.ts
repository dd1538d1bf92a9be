import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { createHostServices, createPool, loadCore, openKvStore, type KvStore } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { composeError } from "../../fixtures/compose-error.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-cached-"));
const cacheDir = join(folder, "compiled");
const ENVIRONMENT = { TENON_SECRET_CACHE_KEY: randomBytes(32).toString("hex") };
const parts: Record<string, Uint8Array> = {};
let core: Uint8Array;

beforeAll(async () => {
  const entries = {
    guard: "middleware/guard/middleware.ts",
    cache: "middleware/cache/middleware.ts",
    tools: "test/fixtures/components/cacheable.ts",
  };
  for (const [name, entry] of Object.entries(entries)) parts[name] = (await buildComponent({ entry })).bytes;
  parts["auth"] = readFileSync("dist/components/auth-api-key.wasm");
  core = (await compose(composition())).bytes;
});

afterAll(() => rmSync(folder, { recursive: true }));

const KEYS = ["ann", "bob"].map((id) => ({ id, sha256: createHash("sha256").update(id).digest("hex") }));

type Composition = Parameters<typeof compose>[0];

function composition(more: Partial<Composition> = {}, guard: object = {}): Composition {
  return {
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "tools", bytes: parts["tools"]! }],
    middleware: [
      { as: "auth", bytes: parts["auth"]!, settings: { keys: KEYS } },
      { as: "guard", bytes: parts["guard"]!, settings: guard as never },
      { as: "cache", bytes: parts["cache"]!, settings: { sealKey: "cache-key" } },
    ],
    grants: { cache: { kv: ["cache/"], secrets: [{ name: "cache-key" }] } },
    ...more,
  };
}

/** Serves a core for as long as some calls take: each instance of it ends with them. */
async function serve(
  bytes: Uint8Array,
  kv: KvStore,
  calls: (call: (who: string, tool: string, args?: object) => Promise<string>) => Promise<void>,
): Promise<void> {
  const loaded = await loadCore(bytes, { cacheDir });
  const services = createHostServices(loaded.manifest, { environment: ENVIRONMENT, kv });
  const pool = await createPool(loaded, { workers: 1, isolation: "shared", log: () => {}, services });
  try {
    await calls(async (who, tool, args = {}) => {
      const now = Date.now();
      const deadline = now + 20_000;
      const context = {
        requestId: "r",
        transport: "http",
        protocolVersion: "2026-07-28",
        receivedAt: now,
        deadline,
      };
      const params = JSON.stringify({ name: tool, arguments: args });
      const result = await pool.handle(
        JSON.stringify(context),
        { id: "1", method: "tools/call", target: tool, params },
        { deadline, authorization: `Bearer ${who}` },
      );
      if (!("outcome" in result)) throw new Error(JSON.stringify(result));
      if (result.outcome.tag !== "success") return result.outcome.tag;
      return (JSON.parse(result.outcome.val) as { content: { text: string }[] }).content[0]!.text;
    });
  } finally {
    await pool.close();
  }
}

test("Results outlive the server in a file, sealed, each caller's own", async () => {
  const path = join(folder, "results.kv");
  const first = await openKvStore(`file:${path}`);
  await serve(core, first, async (call) => {
    expect(await call("ann", "own")).toBe("call 1 of ann");
    expect(await call("bob", "own")).toBe("call 2 of bob");
    expect(await call("ann", "own")).toBe("call 1 of ann");
    expect(await call("ann", "own", { q: "TOPSECRET" })).toBe("call 3 of ann");
    expect(await call("ann", "shared")).toBe("shared call 4");
    expect(await call("bob", "shared")).toBe("shared call 4");
    // A result that is kept is for those alone who may call.
    expect(await call("eve", "shared")).toBe("refused");
    expect(await call("eve", "own")).toBe("refused");
  });
  await first.close();
  const file = readFileSync(path, "latin1");
  expect(file).toContain("cache/");
  for (const text of ["call 1", "ann", "TOPSECRET", "content"]) expect(file).not.toContain(text);

  const second = await openKvStore(`file:${path}`);
  await serve(core, second, async (call) => {
    expect(await call("bob", "own")).toBe("call 2 of bob");
    expect(await call("ann", "own", { q: "new" })).toBe("call 1 of ann");
  });
  await second.close();
});

test("Results of another build of a tool are others", async () => {
  const entry = "test/fixtures/components/cacheable.ts";
  const { bytes: rebuilt } = await buildComponent({ entry, minify: false });
  const { bytes } = await compose(composition({ providers: [{ as: "tools", bytes: rebuilt }] }));
  const kv = await openKvStore("memory");
  await serve(core, kv, async (call) => {
    expect(await call("ann", "shared")).toBe("shared call 1");
    expect(await call("ann", "own")).toBe("call 2 of ann");
  });
  await serve(bytes, kv, async (call) => {
    expect(await call("bob", "own")).toBe("call 1 of bob");
    expect(await call("bob", "shared")).toBe("shared call 2");
  });
  await kv.close();
});

test("A cache in front of authentication, or without its grant, does not compose", async () => {
  const { middleware } = composition();
  const [auth, guard, cache] = middleware;
  const early = await composeError(composition({ middleware: [cache!, auth!, guard!] }));
  expect(early).toContain("results that are kept apart by caller");
  const ungranted = await composeError(composition({ grants: {} }));
  expect(ungranted).toContain('no grant covers keys that start with "cache/", for: keeping results');
});

test("Guard in front of the cache looks at what is kept as well", async () => {
  const house = { name: "house", patterns: { call: "shared call" } };
  const { bytes } = await compose(composition({}, { redact: [house] }));
  const kv = await openKvStore("memory");
  await serve(core, kv, async (call) => {
    expect(await call("ann", "shared")).toBe("shared call 1");
  });
  await serve(bytes, kv, async (call) => {
    expect(await call("ann", "own")).toBe("call 1 of ann");
    expect(await call("ann", "shared")).toBe("[redacted:call] 1");
  });
  await kv.close();
});

test("Settings of guard that mean nothing do not compose", async () => {
  for (const [settings, problem] of [
    [{ deny: { output: [{ signatures: "prompt-injecton" }] } }, "prompt-injection"],
    [{ deny: { input: [] } }, 'unknown key "input"'],
    [{ redact: [{ name: "house", patterns: { a: "^a" } }] }, "the pattern language of guard"],
    [{ maxArgumentBytes: 0 }, "maxArgumentBytes"],
  ] as const) {
    expect(await composeError(composition({}, settings))).toContain(problem);
  }
});
