import { beforeAll, describe, expect, test } from "vitest";
import { bundle, type Bundle } from "../../../src/bundle/index.ts";
import { compose, coreOf } from "../../../src/compose/index.ts";
import { oneToolProvider, passingWithServices } from "../../fixtures/chain-parts.ts";
import { limitedCore } from "../../hosts/fastly/counted-world.ts";
import { ready } from "../../hosts/fastly/serve.ts";

const MINUTE = { limit: 60, windowMs: 60_000 };

async function refused(
  limits: Record<string, object>,
  rateCounters: string[] = ["limits/"],
): Promise<{ code?: string; message?: string; hint?: string; details?: string[] }> {
  const { bytes } = await limitedCore(limits);
  return bundle({ core: bytes, host: "fastly", rateCounters }).then(
    () => ({}),
    (error: object) => error,
  );
}

describe("bundle() refuses rate counters", () => {
  test.each(["wasmtime", "spin", "stdio"] as const)("on %s, which has none", async (host) => {
    const { bytes } = await limitedCore({ limit: MINUTE });
    await expect(bundle({ core: bytes, host, rateCounters: ["limits/"] })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `Cannot bundle for ${host} with rate counters for "limits/": ${host} has none`,
      hint: "Leave them out: budgets are kept in the store of keys",
    });
  });

  test("for a prefix that no rate-limit has, naming those there are", async () => {
    const limits = { minute: MINUTE, own: { ...MINUTE, keyPrefix: "limits/own/" } };
    expect(await refused(limits, ["limits"])).toMatchObject({
      code: "ERR_HOST_CORE",
      message: 'Cannot bundle "acme" for fastly: no rate-limit keeps keys under "limits"',
      hint: 'Name a "keyPrefix" that there is: "limits/", "limits/own/"',
    });
    expect(await refused({})).toMatchObject({
      message: 'Cannot bundle "acme" for fastly: no rate-limit keeps keys under "limits/"',
      hint: 'Use the "rate-limit" that comes with this version of tenon, or leave rate counters out',
    });
  });

  test("for a middleware that calls itself rate-limit and is not the one it knows", async () => {
    const { bytes } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "weather", bytes: await oneToolProvider() }],
      middleware: [{ as: "limit", bytes: await passingWithServices("rate-limit") }],
      grants: { limit: { kv: ["limits/"] } },
    });
    await expect(bundle({ core: bytes, host: "fastly", rateCounters: ["limits/"] })).rejects.toMatchObject({
      message: 'Cannot bundle "acme" for fastly: no rate-limit keeps keys under "limits/"',
    });
  });

  test("for a prefix that others share", async () => {
    const sharing = { code: "ERR_HOST_CORE", hint: "Give each a prefix of its own" };
    // Components of equal settings share their code inside a core.
    expect(await refused({ first: MINUTE, second: MINUTE })).toMatchObject({
      ...sharing,
      message:
        'Cannot bundle "acme" for fastly: "second" may use keys under "limits/", as "first" does, and a counter cannot tell them apart',
    });
    expect(
      await refused({ first: MINUTE, second: { ...MINUTE, keyPrefix: "limits/second/" } }),
    ).toMatchObject(sharing);
    const { bytes } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "weather", bytes: await oneToolProvider() }],
      middleware: [
        { as: "limit", bytes: await ready("rate-limit"), settings: MINUTE },
        { as: "other", bytes: await passingWithServices("other") },
      ],
      grants: { limit: { kv: ["limits/"] }, other: { kv: ["limits/other/"] } },
    });
    await expect(bundle({ core: bytes, host: "fastly", rateCounters: ["limits/"] })).rejects.toMatchObject(
      sharing,
    );
  });

  test("for several limits under one prefix", async () => {
    const limits = [{ limit: 10, windowMs: 10_000 }, MINUTE];
    expect(await refused({ limit: { limits } })).toMatchObject({
      message:
        'Cannot bundle "acme" for fastly: "limit" has 2 limits under "limits/", and a key does not say which is meant',
      hint: 'Use a "rate-limit" with a "keyPrefix" of its own for each',
    });
  });

  test.each([
    [{ windowMs: 1000 }, 'the window of "limit" is 1000 ms'],
    [{ windowMs: 15_000 }, 'the window of "limit" is 15000 ms'],
    [{ windowMs: 70_000 }, 'the window of "limit" is 70000 ms'],
    [{ burst: 61 }, 'the "burst" of "limit" is over its "limit"'],
    [{ windowMs: 10_000, burst: 59 }, 'the "burst" of "limit" is below its "limit"'],
    [{ cost: 0.5 }, 'a counter cannot count every "cost" of "limit"'],
    [{ cost: 0 }, 'a counter cannot count every "cost" of "limit"'],
    [{ burst: 5, cost: { tools: { search: 6 } } }, 'a counter cannot count every "cost" of "limit"'],
    [{ limit: 5000, cost: 1001 }, 'a counter cannot count every "cost" of "limit"'],
  ])("for settings they cannot keep: %j", async (settings, reason) => {
    const { code, message, hint } = await refused({ limit: { ...MINUTE, ...settings } });
    expect(code).toBe("ERR_HOST_CORE");
    expect(message).toContain(`Cannot bundle "acme" for fastly: ${reason}`);
    expect(hint).toMatch(/^(Choose|Leave)/);
  });

  test("for a prefix that leaves no room for the rest of a key", async () => {
    const keyPrefix = `limits/${"é".repeat(93)}`;
    expect(await refused({ limit: { ...MINUTE, keyPrefix } }, [keyPrefix])).toMatchObject({
      message: expect.stringContaining("has more than 192 bytes") as string,
      hint: 'Choose a shorter "keyPrefix"',
    });
  });

  test("with every reason at once", async () => {
    const limits = { limit: { ...MINUTE, windowMs: 1000, burst: 100, cost: 0.5 } };
    expect(await refused(limits, ["limits/", "other/"])).toMatchObject({
      details: [
        expect.stringContaining("burst"),
        expect.stringContaining("cost"),
        expect.stringContaining("other/"),
      ],
    });
  });
});

const ERL = "fastly:compute/erl@0.1.0";
const KV_STORE = "fastly:compute/kv-store@0.1.0";

describe("a bundle with rate counters", () => {
  let core: Uint8Array;
  let plain: Bundle;

  beforeAll(async () => {
    const own = { ...MINUTE, keyPrefix: "limits/own/" };
    ({ bytes: core } = await limitedCore({ minute: { ...MINUTE, keyPrefix: "limits/minute/" }, own }));
    plain = await bundle({ core, host: "fastly" });
  }, 120_000);

  test("imports them in place of the KV store, around the same core", async () => {
    const { bytes, imports, coreDigest, files } = await bundle({
      core,
      host: "fastly",
      rateCounters: ["limits/minute/", "limits/own/"],
    });
    expect(plain.imports).toContain(KV_STORE);
    expect(plain.files["fastly.toml"]!.text).toContain("tenon_kv");
    expect(plain.imports).not.toContain(ERL);
    // The grant is wider than the prefixes: keys beside them are in the KV store.
    expect(imports).toEqual([...plain.imports, ERL].sort());
    expect(files).toEqual(plain.files);
    expect(coreDigest).toBe(plain.coreDigest);
    expect(Buffer.compare(coreOf(bytes)!, core)).toBe(0);
  }, 120_000);

  test("needs no KV store where counters keep every key", async () => {
    const grants = { minute: { kv: ["limits/minute/"] }, own: { kv: ["limits/own/"] } };
    const limits = {
      minute: { ...MINUTE, keyPrefix: "limits/minute/" },
      own: { ...MINUTE, keyPrefix: "limits/own/" },
    };
    const { bytes } = await limitedCore(limits, grants);
    const rateCounters = ["limits/minute/", "limits/own/"];
    const { imports, files } = await bundle({ core: bytes, host: "fastly", rateCounters });
    expect(imports).toEqual([...plain.imports.filter((each) => each !== KV_STORE), ERL].sort());
    expect(files["fastly.toml"]!.text).not.toContain("kv_stores");
    const some = await bundle({ core: bytes, host: "fastly", rateCounters: ["limits/own/"] });
    expect(some.imports).toEqual(expect.arrayContaining([ERL, KV_STORE]));
    expect(some.files["fastly.toml"]!.text).toContain("kv_stores");
  }, 120_000);
});
