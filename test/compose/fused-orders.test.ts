import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ReadyMadeLink } from "../../src/build/build-chain.ts";
import { admitCore, compose, proveCore, type ComposeInput } from "../../src/compose/index.ts";
import { writeManifest, type CoreManifest } from "../../src/manifest/index.ts";
import { authenticating, oneToolProvider, passing } from "../fixtures/chain-parts.ts";
import { bypass } from "../fixtures/forged-core.ts";
import { withFreshCache } from "../fixtures/fresh-cache.ts";

// What is fused is told by its code alone, so here a forger composes with a toolkit of their own: one that takes any order, and puts
// something else into the component than it says.
const forger = vi.hoisted(() => ({
  isChecked: true,
  links: undefined as ((links: readonly ReadyMadeLink[]) => readonly ReadyMadeLink[]) | undefined,
  bytes: undefined as Uint8Array | undefined,
}));

vi.mock("../../src/compose/check-order.ts", async (original) => {
  const real = await original<{ checkOrder: (...args: unknown[]) => void }>();
  return {
    ...real,
    checkOrder: (...args: unknown[]) => void (forger.isChecked && real.checkOrder(...args)),
  };
});

vi.mock("../../src/build/build-chain.ts", async (original) => {
  const real = await original<{
    buildChain: (links: readonly ReadyMadeLink[]) => Promise<Uint8Array | undefined>;
  }>();
  return {
    ...real,
    buildChain: async (links: readonly ReadyMadeLink[]) =>
      forger.bytes ?? (await real.buildChain(forger.links?.(links) ?? links)),
  };
});

// Each composes twice or more.
vi.setConfig({ testTimeout: 300_000 });

function ready(name: string): Uint8Array {
  return readFileSync(join("dist", "components", `${name}.wasm`));
}

const KEYS = { keys: [{ id: "a", sha256: createHash("sha256").update("key").digest("hex") }] };

const LINKS = {
  log: { as: "log", use: "access-log" },
  auth: { as: "auth", use: "auth-api-key", settings: KEYS },
  limit: {
    as: "limit",
    use: "rate-limit",
    settings: { keyPrefix: "limits/", limits: [{ limit: 9, windowMs: 60_000, by: ["principal"] }] },
  },
} as const;
type Kind = keyof typeof LINKS;

let provider: Uint8Array;
let own: Uint8Array;

beforeAll(async () => {
  provider = await oneToolProvider();
  own = await passing("own");
});

beforeEach(() => {
  Object.assign(forger, { isChecked: true, links: undefined, bytes: undefined });
});

afterAll(() => vi.restoreAllMocks());

function server(order: readonly (Kind | "own")[], more: Partial<ComposeInput> = {}): ComposeInput {
  return {
    name: "acme",
    version: "1.0.0",
    access: order.includes("auth") ? "authenticated" : "public",
    providers: [{ as: "weather", bytes: provider }],
    middleware: order.map((kind) => {
      if (kind === "own") return { as: "own", bytes: own };
      const { as, use, ...rest } = LINKS[kind];
      return { as, bytes: ready(use), ...(rest as { settings?: never }) };
    }),
    ...(order.includes("limit") && { grants: { limit: { kv: ["limits/"] } } }),
    ...more,
  };
}

/** Composes as a forger does. */
async function forge(input: ComposeInput, how: Partial<typeof forger>) {
  Object.assign(forger, { isChecked: false, ...how });
  try {
    return await compose(input);
  } finally {
    Object.assign(forger, { isChecked: true, links: undefined, bytes: undefined });
  }
}

function admission(core: Uint8Array, manifest: CoreManifest): Promise<void> {
  return admitCore(writeManifest(core, manifest), manifest, "load core");
}

function refused(core: Uint8Array, manifest: CoreManifest, ...details: string[]): Promise<void> {
  return expect(admission(core, manifest)).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    details: expect.arrayContaining(details) as string[],
  });
}

async function fusedGroups(order: readonly (Kind | "own")[]): Promise<string[][] | undefined> {
  return (await compose(server(order))).manifest.fused;
}

const SAFE: readonly Kind[] = ["log", "auth", "limit"];
const NOT_MADE = (as: string, names: string): string =>
  `The bytes of "${as}" are not what this version of tenon makes of ${names} in this order`;

describe("what is fused", () => {
  test("the manifest tells the parts as if they were not, and which share a component", async () => {
    const fused = await compose(server(SAFE));
    const apart = await compose(server(SAFE, { fuse: false }));
    const { fused: groups, policyDigest, ...rest } = fused.manifest;
    expect(groups).toEqual([["log", "auth", "limit"]]);
    expect({ ...rest, policyDigest: apart.manifest.policyDigest }).toEqual(apart.manifest);
    expect(policyDigest).not.toBe(apart.manifest.policyDigest);
    expect(fused.bytes.length).toBeLessThan(apart.bytes.length - 300_000);
  });

  test("a host admits it, and knows every part of the chain", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    await expect(admission(bytes, manifest)).resolves.toBeUndefined();
    const { chain, mistakes, wiring } = await proveCore(bytes, manifest);
    expect({ chain, mistakes }).toEqual({ chain: ["log", "auth", "limit"], mistakes: [] });
    expect(wiring.parts.map(({ as }) => as)).toEqual(["log+auth+limit", "router", "weather"]);
  });

  test("it alone is given the credential and the joined grants", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    const { wiring } = await proveCore(bytes, manifest);
    const has = (id: string): string[] =>
      wiring.parts
        .filter(({ imports }) =>
          imports.some(
            (each) =>
              each.interface.startsWith(id) &&
              each.wires.some(({ wire }) => /^(?:gate|host)$/.test(wire.kind)),
          ),
        )
        .map(({ as }) => as);
    expect(has("tenon:host/credentials")).toEqual(["log+auth+limit"]);
    expect(has("tenon:host/kv")).toEqual(["log+auth+limit"]);
  });

  test("what others made splits a run, and one alone is not fused", async () => {
    expect(await fusedGroups(["log", "own", "auth", "limit"])).toEqual([["auth", "limit"]]);
    expect(await fusedGroups(["log", "own"])).toBeUndefined();
    expect(await fusedGroups(["log"])).toBeUndefined();
  });

  test("the bytes of one that was changed are another's", async () => {
    const input = server(SAFE);
    const [log, ...rest] = input.middleware;
    const changed = new Uint8Array([...log!.bytes, 0, 2, 1, 120]);
    const { manifest } = await compose({ ...input, middleware: [{ ...log!, bytes: changed }, ...rest] });
    expect(manifest.fused).toEqual([["auth", "limit"]]);
  });

  test("the same parts give the same bytes", async () => {
    const [one, two] = [
      await withFreshCache(() => compose(server(SAFE))),
      await withFreshCache(() => compose(server(SAFE))),
    ];
    expect(one.digest).toBe(two.digest);
  });
});

describe("a host refuses", () => {
  const ORDERS: Kind[][] = [
    ["log", "limit", "auth"],
    ["limit", "auth", "log"],
    ["auth", "log", "limit"],
  ];

  test.each(ORDERS)("the order %s,%s,%s inside where the manifest says another", async (...order) => {
    const { bytes, manifest } = await forge(server(SAFE), {
      links: (links) => order.map((kind) => links.find(({ as }) => as === LINKS[kind].as)!),
    });
    await refused(bytes, manifest, NOT_MADE("log+auth+limit", "access-log, auth-api-key, rate-limit"));
  });

  test("an unsafe order that says what it is", async () => {
    const { bytes, manifest } = await forge(server(["limit", "auth"]), {});
    await refused(
      bytes,
      manifest,
      '"limit" stands in front of "auth", and does not know the caller there, for: limits by principal; access is "authenticated"',
    );
    const claimed = { ...manifest, middleware: manifest.middleware.toReversed(), fused: [["auth", "limit"]] };
    await refused(
      bytes,
      claimed,
      'The manifest says that the chain is "auth", "limit", and the bytes have "limit+auth"',
      NOT_MADE("auth+limit", "auth-api-key, rate-limit"),
    );
  });

  test("authentication that the manifest names and the component does not have", async () => {
    const { manifest } = await compose(server(["log", "auth"]));
    const input = server(["log", "log"]);
    const [first, second] = input.middleware;
    const { bytes } = await compose({ ...input, middleware: [first!, { ...second!, as: "auth" }] });
    await refused(
      bytes,
      manifest,
      NOT_MADE("log+auth", "access-log, auth-api-key"),
      'The manifest says that "log+auth" authenticates callers, and in the bytes it sees no credential',
    );
  });

  test("a component of someone else's under the name of what is fused", async () => {
    const { bytes, manifest } = await forge(server(["log", "auth"]), { bytes: await authenticating() });
    await refused(bytes, manifest, NOT_MADE("log+auth", "access-log, auth-api-key"));
  });

  test("what is fused where a component in front sees the credential as well", async () => {
    const thief = await authenticating();
    const input = server(["log", "auth"]);
    const { bytes, manifest } = await forge(
      { ...input, middleware: [{ as: "thief", bytes: thief }, ...input.middleware] },
      {},
    );
    const middleware = manifest.middleware.map(({ authenticates, ...link }) =>
      link.as === "thief" || authenticates === undefined ? link : { ...link, authenticates },
    );
    await refused(
      bytes,
      { ...manifest, middleware },
      '"thief" sees the credential of a request, and the manifest does not say that it authenticates callers',
    );
  });

  test("a manifest that fuses other parts, or parts that do not stand together", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    const claims: Partial<CoreManifest>[] = [
      { fused: [["log", "auth"]] },
      { fused: [["log", "limit"]] },
      { fused: [["auth", "log", "limit"]] },
      {
        fused: [
          ["log", "auth", "limit"],
          ["log", "auth", "limit"],
        ],
      },
      {
        fused: [
          ["log", "auth", "limit"],
          ["auth", "limit"],
        ],
      },
      { fused: [["log", "auth", "limit", "weather"]] },
    ];
    for (const claim of claims) await refused(bytes, { ...manifest, ...claim });
    const { fused: _, ...apart } = manifest;
    await refused(bytes, apart);
  });

  test("a manifest that says of a part in there what is not so", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    const [log, auth, limit] = manifest.middleware as [never, never, CoreManifest["middleware"][number]];
    const lies: Partial<CoreManifest["middleware"][number]>[] = [
      { digest: `sha256:${"0".repeat(64)}` },
      { name: "guard" },
      { version: "9.9.9" },
      { methods: ["tools/call"] },
      { capabilities: [] },
    ];
    for (const lie of lies) {
      await refused(bytes, { ...manifest, middleware: [log, auth, { ...limit, ...lie }] });
    }
    const { grants: _, ...without } = limit;
    await refused(
      bytes,
      { ...manifest, middleware: [log, auth, without] },
      'The manifest grants "log+auth+limit" kv nothing, and its gate lets "limits/" through',
    );
  });

  test("a way around what is fused", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    await refused(bypass(bytes), manifest, 'The bytes hold "log+auth+limit", and no request reaches it');
  });
});
