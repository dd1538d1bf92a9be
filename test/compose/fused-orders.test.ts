import { generateKeyPairSync } from "node:crypto";
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

const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });

const LINKS = {
  auth: {
    as: "auth",
    use: "auth-jwt",
    settings: {
      issuer: "https://id.example",
      audience: "https://mcp.example/mcp",
      jwks: { keys: [{ ...jwk, kid: "a", alg: "ES256" }] },
    },
  },
  guard: { as: "guard", use: "guard" },
  second: { as: "second", use: "guard" },
  cache: { as: "cache", use: "cache" },
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
    ...(order.includes("cache") && { grants: { cache: { kv: ["cache/"] } } }),
    ...more,
  };
}

function NOT_READY_MADE(as: string, name: string): string {
  return `The manifest says that "${as}" is fused, and it is not the "${name}" that comes with this version of tenon`;
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

const SAFE: readonly Kind[] = ["auth", "guard", "second", "cache"];
const NOT_MADE = (as: string, names: string): string =>
  `The bytes of "${as}" are not what this version of tenon makes of ${names} in this order`;

describe("what is fused", () => {
  test("the manifest tells the parts as if they were not, and which share a component", async () => {
    const order = ["auth", "guard", "cache"] as const;
    const fused = await compose(server(order));
    const apart = await compose(server(order, { fuse: false }));
    const { fused: groups, policyDigest, ...rest } = fused.manifest;
    expect(groups).toEqual([["guard", "cache"]]);
    expect({ ...rest, policyDigest: apart.manifest.policyDigest }).toEqual(apart.manifest);
    expect(policyDigest).not.toBe(apart.manifest.policyDigest);
    expect(fused.bytes.length).toBeLessThan(apart.bytes.length - 100_000);
  });

  test("a host admits it, and knows every part of the chain", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    await expect(admission(bytes, manifest)).resolves.toBeUndefined();
    const { chain, mistakes, wiring } = await proveCore(bytes, manifest);
    expect({ chain, mistakes }).toEqual({ chain: ["auth", "guard", "second", "cache"], mistakes: [] });
    expect(wiring.parts.map(({ as }) => as)).toEqual(["auth", "guard+second+cache", "router", "weather"]);
  });

  test("it alone is given the joined grants, and nothing of the credential", async () => {
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
    expect(has("tenon:host/credentials")).toEqual(["auth"]);
    expect(has("tenon:host/kv")).toEqual(["guard+second+cache"]);
  });

  test("what others made splits a run, and one alone is not fused", async () => {
    expect(await fusedGroups(["guard", "own", "second", "cache"])).toEqual([["second", "cache"]]);
    expect(await fusedGroups(["guard", "own"])).toBeUndefined();
    expect(await fusedGroups(["guard"])).toBeUndefined();
  });

  test("what authenticates is not", async () => {
    expect(await fusedGroups(["guard", "auth", "second", "cache"])).toEqual([["second", "cache"]]);
    expect(await fusedGroups(["guard", "auth", "cache"])).toBeUndefined();
  });

  test("the bytes of one that was changed are another's", async () => {
    const input = server(SAFE);
    const [auth, guard, ...rest] = input.middleware;
    const changed = new Uint8Array([...guard!.bytes, 0, 2, 1, 120]);
    const middleware = [auth!, { ...guard!, bytes: changed }, ...rest];
    const { manifest } = await compose({ ...input, middleware });
    expect(manifest.fused).toEqual([["second", "cache"]]);
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
    ["guard", "cache", "second"],
    ["cache", "second", "guard"],
    ["second", "guard", "cache"],
  ];

  test.each(ORDERS)("the order %s,%s,%s inside where the manifest says another", async (...order) => {
    const { bytes, manifest } = await forge(server(SAFE), {
      links: (links) => order.map((kind) => links.find(({ as }) => as === LINKS[kind].as)!),
    });
    await refused(bytes, manifest, NOT_MADE("guard+second+cache", "guard, guard, cache"));
  });

  test("an unsafe order that says what it is", async () => {
    const { bytes, manifest } = await forge(server(["cache", "auth"]), {});
    await refused(
      bytes,
      manifest,
      '"cache" stands in front of "auth", and would act for callers that are not let in, for: results that are kept apart by caller; access is "authenticated"',
    );
    const claimed = { ...manifest, middleware: manifest.middleware.toReversed(), fused: [["auth", "cache"]] };
    await refused(
      bytes,
      claimed,
      'The manifest says that the chain is "auth", "cache", and the bytes have "cache", "auth"',
      NOT_READY_MADE("auth", "auth-jwt"),
    );
  });

  test("authentication that the manifest names and the component does not have", async () => {
    const { manifest } = await compose(server(["auth", "guard", "cache"]));
    const { bytes } = await compose(server(["guard", "cache"]));
    const claimed = { ...manifest, middleware: manifest.middleware.slice(1) };
    const [guard, cache] = claimed.middleware;
    const { authenticates } = manifest.middleware[0]!;
    await refused(
      bytes,
      { ...claimed, middleware: [{ ...guard!, authenticates: authenticates! }, cache!] },
      NOT_READY_MADE("guard", "guard"),
      'The manifest says access is "authenticated", and no middleware of the bytes authenticates callers before "guard+cache", "router", "weather"',
    );
    const names = [["auth", "guard", "cache"]];
    await refused(bytes, { ...manifest, fused: names }, NOT_READY_MADE("auth", "auth-jwt"));
  });

  test("a component of someone else's under the name of what is fused", async () => {
    const { bytes, manifest } = await forge(server(["auth", "guard", "cache"]), { bytes: own });
    await refused(bytes, manifest, NOT_MADE("guard+cache", "guard, cache"));
  });

  test("what is fused where a component in front sees the credential as well", async () => {
    const thief = await authenticating();
    const input = server(["auth", "guard", "cache"]);
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
      { fused: [["guard", "second"]] },
      { fused: [["guard", "cache"]] },
      { fused: [["second", "guard", "cache"]] },
      { fused: [["auth", "guard", "second", "cache"]] },
      {
        fused: [
          ["guard", "second", "cache"],
          ["guard", "second", "cache"],
        ],
      },
      {
        fused: [
          ["guard", "second", "cache"],
          ["second", "cache"],
        ],
      },
      { fused: [["guard", "second", "cache", "weather"]] },
    ];
    for (const claim of claims) await refused(bytes, { ...manifest, ...claim });
    const { fused: _, ...apart } = manifest;
    await refused(bytes, apart);
  });

  test("a manifest that says of a part in there what is not so", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    const chain = manifest.middleware.slice(0, -1);
    const cache = manifest.middleware.at(-1)!;
    const lies: Partial<CoreManifest["middleware"][number]>[] = [
      { digest: `sha256:${"0".repeat(64)}` },
      { name: "guard" },
      { version: "9.9.9" },
      { methods: ["prompts/get"] },
      { capabilities: [] },
      { authenticates: {} },
    ];
    for (const lie of lies) {
      await refused(bytes, { ...manifest, middleware: [...chain, { ...cache, ...lie }] });
    }
    const { grants: _, ...without } = cache;
    await refused(
      bytes,
      { ...manifest, middleware: [...chain, without] },
      'The manifest grants "guard+second+cache" kv nothing, and its gate lets "cache/" through',
    );
  });

  test("a way around what is fused", async () => {
    const { bytes, manifest } = await compose(server(SAFE));
    await refused(bypass(bytes), manifest, 'The bytes hold "guard+second+cache", and no request reaches it');
  });
});
