import { createHostServices, openKvStore, unsetValues } from "tenon/hosts/node";
import { expect, test } from "vitest";
import type { Grants } from "../../../src/manifest/index.ts";
import { coreManifest } from "./handler-core.ts";

function lend(grants: Grants, environment: Record<string, string> = {}) {
  return createHostServices(coreManifest(grants), { environment });
}

test("createHostServices() lends what is granted and nothing else", () => {
  expect(lend({})).toEqual({});
  expect(lend({ http: [], kv: [], config: [], secrets: [] })).toEqual({});
  expect(Object.keys(lend({ kv: ["a/"] }))).toEqual(["kv"]);
  expect(
    Object.keys(lend({ http: [{ origin: "https://a.example" }], config: ["a"], secrets: [{ name: "s" }] })),
  ).toEqual(["http", "config", "secrets"]);
});

test("createHostServices() refuses a store that cannot do what a middleware requires", async () => {
  const manifest = coreManifest({});
  const [provider] = manifest.providers;
  const { tools: _, ...part } = provider!;
  const kv = { prefix: "prefix", features: ["swap" as const] };
  const limited = {
    ...manifest,
    middleware: [{ ...part, as: "per-caller", requires: [{ kv, for: "limits that hold under load" }] }],
  };
  const store = await openKvStore("memory");
  expect(() => createHostServices(limited, { kv: store })).not.toThrow();
  const weak = { ...store, features: { ...store.features, swap: false } };
  expect(() => createHostServices(limited, { kv: weak })).toThrow(
    'Cannot serve "fixture": the store of keys cannot swap, and "per-caller" needs it, for: limits that hold under load',
  );
});

test("Keys of the host itself are denied, whatever was granted", async () => {
  const { kv } = lend({ kv: ["\0", "a/"] });
  const denied = { tag: "denied" };
  const key = "\0tenon/tasks/1/task/x";
  for (const reach of [
    () => kv!.get(key),
    () => kv!.set(key, "", undefined),
    () => kv!.delete(key),
    () => kv!.swap(key, undefined, "", undefined),
    () => kv!.increment(key, 1, undefined),
    () => kv!.list(key, undefined, 10),
    () => kv!.list("\0ten", undefined, 10),
    () => kv!.list("", undefined, 10),
  ]) {
    await expect(reach()).rejects.toMatchObject(denied);
  }
  await kv!.set("a/1", "one", undefined);
  expect(await kv!.list("a/", undefined, 10)).toEqual({ keys: ["a/1"], next: undefined });
});

test("Configuration comes from variables of granted keys alone", async () => {
  const environment = {
    TENON_CONFIG_UNITS: "metric",
    TENON_CONFIG_MAX_AGE: "",
    TENON_CONFIG_A_B: "dotted",
    TENON_CONFIG_OTHER: "not granted",
    UNITS: "not prefixed",
  };
  const { config } = lend({ config: ["units", "max-age", "a.b", "unset"] }, environment);
  expect(await Promise.all(["units", "max-age", "a.b", "unset"].map((key) => config!(key)))).toEqual([
    "metric",
    "",
    "dotted",
    undefined,
  ]);
  for (const key of ["OTHER", "other", "UNITS", "__proto__", ""]) {
    await expect(config!(key), key).rejects.toMatchObject({ tag: "denied" });
  }
});

test("Secrets come from variables of granted names alone, and an empty one is missing", async () => {
  const environment = { TENON_SECRET_WEATHER_KEY: "s3cret", TENON_SECRET_EMPTY: "", TENON_SECRET_OTHER: "x" };
  const { secrets } = lend(
    {
      secrets: [
        { name: "weather-key" },
        { name: "EMPTY" },
        { name: "UNSET", header: "x-key", origin: "https://a.example" },
      ],
    },
    environment,
  );
  expect(await secrets!("weather-key")).toBe("s3cret");
  for (const name of ["EMPTY", "UNSET"]) {
    await expect(secrets!(name)).rejects.toMatchObject({
      tag: "missing",
      val: `the host has no secret "${name}"`,
    });
  }
  for (const name of ["OTHER", "WEATHER_KEY", "TENON_SECRET_OTHER"]) {
    await expect(secrets!(name), name).rejects.toMatchObject({ tag: "denied" });
  }
});

test("Values are read once, when the services are made", async () => {
  const environment: Record<string, string> = { TENON_SECRET_A: "before" };
  const { secrets } = lend({ secrets: [{ name: "A" }] }, environment);
  environment["TENON_SECRET_A"] = "after";
  expect(await secrets!("A")).toBe("before");
});

test("unsetValues() names what is granted and not set, with its variable", () => {
  const manifest = coreManifest({
    config: ["units", "max-age"],
    secrets: [{ name: "KEY" }, { name: "other.key" }],
  });
  const environment = { TENON_CONFIG_UNITS: "", TENON_SECRET_KEY: "" };
  expect(unsetValues(manifest, environment)).toEqual([
    { part: "fixture", kind: "config", name: "max-age", variable: "TENON_CONFIG_MAX_AGE" },
    { part: "fixture", kind: "secret", name: "KEY", variable: "TENON_SECRET_KEY" },
    { part: "fixture", kind: "secret", name: "other.key", variable: "TENON_SECRET_OTHER_KEY" },
  ]);
  expect(unsetValues(coreManifest({}), environment)).toEqual([]);
});
