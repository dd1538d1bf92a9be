import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { admitCore, compose, type ComposeInput } from "../../src/compose/index.ts";
import { orderMistake, type Link } from "../../src/compose/order.ts";
import { writeManifest, type CoreManifest, type Requirement } from "../../src/manifest/index.ts";
import { authenticating, oneToolProvider, passing } from "../fixtures/chain-parts.ts";
import { bypass, withSecondWayIn } from "../fixtures/forged-core.ts";
import { loadComponent, type HostFunctions } from "../fixtures/run-component.ts";

// Every order of four kinds of middleware, repetition included: what decides about it up to five of them, and what is
// composed, forged and run up to two, which have every pair. What stands between a chain and its
// composition can be taken away here, as by someone who composes with tools of their own.
const composer = vi.hoisted(() => ({ isChecked: true }));

vi.mock("../../src/compose/check-order.ts", async (original) => {
  const real = await original<{ checkOrder: (...args: unknown[]) => void }>();
  return {
    ...real,
    checkOrder: (...args: unknown[]) => void (composer.isChecked && real.checkOrder(...args)),
  };
});

const KINDS = ["log", "auth", "limit", "cache"] as const;
type Kind = (typeof KINDS)[number];
const DEPTH = 5;
const COMPOSED_DEPTH = 2;

let provider: Uint8Array;
const bytes = {} as Record<Kind, Uint8Array>;

function requiring(requirement: Requirement): { requires: Requirement[] } {
  return { requires: [requirement] };
}

beforeAll(async () => {
  provider = await oneToolProvider();
  bytes.log = await passing("log");
  bytes.auth = await authenticating();
  bytes.limit = await passing("limit", requiring({ principal: true, for: "limits by principal" }));
  bytes.cache = await passing("cache", requiring({ behindAuthentication: true, for: "stored answers" }));
});

afterAll(() => vi.restoreAllMocks());

function orders(depth: number): Kind[][] {
  let last: Kind[][] = [[]];
  const all = [...last];
  for (let i = 0; i < depth; i++) {
    last = last.flatMap((order) => KINDS.map((kind) => [...order, kind]));
    all.push(...last);
  }
  return all;
}

/** The promise, written down a second time and in another way than the composer has it. */
function isSafe(access: ComposeInput["access"], order: readonly Kind[]): boolean {
  const text = order.map((kind) => kind[1]).join("");
  // The second letters: o, u, i, a.
  return access === "public" ? /^[oa]*$/.test(text) : /^o*u[oia]*$/.test(text);
}

function server(access: ComposeInput["access"], order: readonly Kind[]): ComposeInput {
  return {
    name: "acme",
    version: "1.0.0",
    access,
    providers: [{ as: "weather", bytes: provider }],
    middleware: order.map((kind, i) => ({ as: `${kind}-${i}`, bytes: bytes[kind] })),
  };
}

async function composedUnchecked(input: ComposeInput) {
  composer.isChecked = false;
  try {
    return await compose(input);
  } finally {
    composer.isChecked = true;
  }
}

function admission(core: Uint8Array, manifest: CoreManifest): Promise<void> {
  return admitCore(writeManifest(core, manifest), manifest, "load core");
}

const ACCESS = ["authenticated", "public"] as const;

test("of the orders of up to five middleware, those are mistakes that do not keep the promise, and no others", () => {
  const requirement = { limit: { principal: true }, cache: { behindAuthentication: true } } as const;
  const link = (kind: Kind, i: number): Link => ({
    as: `${kind}-${i}`,
    ...(kind === "auth" && { authenticates: {} }),
    ...((kind === "limit" || kind === "cache") && { requires: [{ ...requirement[kind], for: kind }] }),
  });
  const counts = { authenticated: { safe: 0, unsafe: 0 }, public: { safe: 0, unsafe: 0 } };
  for (const access of ACCESS) {
    for (const order of orders(DEPTH)) {
      const mistake = orderMistake(access, order.map(link));
      expect(mistake === undefined, `${access}: ${order.join()}`).toBe(isSafe(access, order));
      counts[access][mistake === undefined ? "safe" : "unsafe"]++;
      if (mistake?.better === undefined) continue;
      const better = mistake.better.map((as) => as.replace(/-\d$/, "") as Kind);
      expect([...better].sort()).toEqual([...order].sort());
      expect(isSafe(access, better), better.join()).toBe(true);
    }
  }
  expect(counts).toEqual({
    authenticated: { safe: 179, unsafe: 1186 },
    public: { safe: 63, unsafe: 1302 },
  });
});

test("composing refuses the unsafe orders, and no safe one", async () => {
  const counts = { composed: 0, refused: 0 };
  for (const access of ACCESS) {
    for (const order of orders(COMPOSED_DEPTH)) {
      const composed = compose(server(access, order));
      if (isSafe(access, order)) {
        await expect(composed, `${access}: ${order.join()}`).resolves.toBeDefined();
        counts.composed++;
      } else {
        await expect(composed, `${access}: ${order.join()}`).rejects.toMatchObject({
          code: expect.stringMatching(/^ERR_COMPOSE_(ACCESS|ORDER)$/) as string,
        });
        counts.refused++;
      }
    }
  }
  expect(counts).toEqual({ composed: 5 + 7, refused: 16 + 14 });
}, 300_000);

/** Manifests with which a forger would have a host take an unsafe core for a safe one. */
function forgeries(manifest: CoreManifest): CoreManifest[] {
  const { middleware } = manifest;
  const auth = middleware.filter(({ authenticates }) => authenticates);
  const rest = middleware.filter(({ authenticates }) => !authenticates);
  const claiming = (i: number): CoreManifest["middleware"] =>
    middleware.map((each, j) => {
      const { authenticates: _, ...link } = each;
      return i === j ? { ...link, authenticates: {} } : link;
    });
  const as = (changes: Partial<CoreManifest>): CoreManifest => ({
    ...manifest,
    access: "authenticated",
    cache: { ...manifest.cache, scope: "private", lists: {} },
    ...changes,
  });
  return [
    manifest,
    // Authentication moved to the front, in the manifest alone.
    as({ middleware: [...auth, ...rest] }),
    as({ middleware: [...auth.slice(0, 1), ...rest] }),
    // Another part is said to authenticate.
    ...middleware.map((_, i) => as({ middleware: claiming(i) })),
    as({ middleware: claiming(-1) }),
    ...(auth.length > 0 ? [{ ...manifest, access: "public" as const, middleware: claiming(-1) }] : []),
    ...(auth.length > 0 ? [{ ...manifest, access: "public" as const, middleware: [] }] : []),
  ];
}

test("a host refuses every unsafe order that was composed all the same, whatever its manifest says", async () => {
  let cores = 0;
  let refused = 0;
  for (const order of orders(COMPOSED_DEPTH).filter((each) => !isSafe("authenticated", each))) {
    const core = await composedUnchecked(server("authenticated", order));
    cores++;
    for (const manifest of forgeries(core.manifest)) {
      await expect(admission(core.bytes, manifest), order.join()).rejects.toMatchObject({
        code: "ERR_HOST_CORE",
      });
      refused++;
    }
  }
  expect({ cores, refused }).toEqual({ cores: 16, refused: 97 });
}, 300_000);

test("a host refuses bytes in which there is a way around authentication, and names it", async () => {
  const { bytes: core, manifest } = await compose(server("authenticated", ["log", "auth"]));
  await expect(admission(core, manifest)).resolves.toBeUndefined();
  await expect(admission(bypass(core), manifest)).rejects.toMatchObject({
    message: "Cannot load core: its bytes do not prove what its manifest says",
    details: expect.arrayContaining([
      'The manifest says access is "authenticated", and no middleware of the bytes authenticates callers before "router", "weather"',
      'The bytes hold "auth-1", and no request reaches it',
    ]) as string[],
  });
  await expect(admission(withSecondWayIn(core, "acme:way/in@1.0.0"), manifest)).rejects.toMatchObject({
    details: ['The bytes export "acme:way/in@1.0.0", which is no way into a server'],
  });
});

test("a host refuses authentication that some methods pass by", async () => {
  const partial = await authenticating({ methods: ["tools/call"] });
  const input = server("authenticated", []);
  const core = await composedUnchecked({ ...input, middleware: [{ as: "auth", bytes: partial }] });
  const [{ methods: _, ...auth }] = core.manifest.middleware as [CoreManifest["middleware"][number]];
  await expect(admission(core.bytes, core.manifest)).rejects.toMatchObject({ code: "ERR_HOST_CORE" });
  await expect(admission(core.bytes, { ...core.manifest, middleware: [auth] })).rejects.toMatchObject({
    details: expect.arrayContaining([
      'A request can reach "router", "weather" without passing "auth", which authenticates callers',
      'The manifest says that "auth" acts on every method, and in the bytes it acts on some methods alone',
    ]) as string[],
  });
});

const REQUESTS = [
  { method: "tools/call", target: "now", params: "{}" },
  ...["tools/list", "resources/list", "prompts/list", "server/discover", "ping", "tasks/get", "nonsense"].map(
    (method) => ({ method }),
  ),
];

function credentials(authorization?: string): HostFunctions {
  return { "tenon:host/credentials": { authorization: () => authorization } };
}

test("in every safe order a host admits, no request without a credential reaches a provider or a list", async () => {
  let calls = 0;
  let reached = 0;
  for (const order of orders(COMPOSED_DEPTH).filter((each) => isSafe("authenticated", each))) {
    const { bytes: core, manifest } = await compose(server("authenticated", order));
    await admitCore(core, manifest, "load core");
    const start = await loadComponent(core);
    const stranger = start(credentials()).handler;
    for (const request of REQUESTS) {
      const outcome = stranger.handle("{}", { id: "1", ...request });
      calls++;
      if (outcome.tag !== "refused") reached++;
      expect(outcome).toMatchObject({ tag: "refused", val: { status: 401 } });
    }
    const known = start(credentials("Bearer x")).handler;
    expect(known.handle("{}", { id: "1", ...REQUESTS[0]! })).toEqual({
      tag: "success",
      val: '{"content":[]}',
    });
  }
  expect({ calls, reached }).toEqual({ calls: 5 * REQUESTS.length, reached: 0 });
}, 300_000);
