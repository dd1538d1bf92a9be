import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkJson } from "../../src/json-schema/index.ts";
import { readManifest } from "../../src/manifest/index.ts";

const manifest = readManifest(readFileSync("dist/components/rate-limit.wasm"));

function settingsSchema(): object {
  if (manifest?.kind !== "middleware") throw new Error("It is no middleware");
  return manifest.settingsSchema ?? {};
}

describe("settings", () => {
  const one = { limit: 1, windowMs: 1000 };

  test.each([
    one,
    { ...one, by: [], burst: 3, cost: 2.5, methods: ["tasks/get"], approximate: false },
    { ...one, cost: { tools: { a: 1 }, default: 0 }, keyPrefix: "x/", onStoreFailure: "allow" },
    { limits: [one, { ...one, burst: 2 }], keyPrefix: "x/" },
  ])("%j are settings", (settings) => {
    expect(checkJson(settingsSchema(), settings)).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, 'missing key "limit"'],
    [{ limit: 1 }, 'missing key "windowMs"'],
    [{ ...one, windowMS: 1 }, 'unknown key "windowMS", did you mean "windowMs"?'],
    [{ limits: [one], limit: 1 }, '"limit" is not allowed with the other keys'],
    [{ limits: [] }, '"limits" must NOT have fewer than 1 items, got []'],
    [{ limits: [one, one] }, '"limits" must NOT have duplicate items'],
    [{ limits: [{ limit: 1 }] }, 'missing key "windowMs" in "limits[0]"'],
    [{ ...one, limit: 0 }, '"limit" must be >= 1, got 0'],
    [{ ...one, limit: "60" }, '"limit" must be integer, got string'],
    [{ ...one, windowMs: 999 }, '"windowMs" must be >= 1000, got 999'],
    [{ ...one, by: ["user"] }, '"by[0]" must be one of "peer", "principal", "tool", got "user"'],
    [{ ...one, methods: ["tool/call"] }, '"methods[0]" must be one of '],
    [{ ...one, cost: -1 }, '"cost" must be >= 0, got -1'],
    [{ ...one, cost: { search: 1 } }, 'unknown key "search" in "cost"'],
    [{ ...one, cost: { tools: { search: -1 } } }, '"cost.tools.search" must be >= 0, got -1'],
    [{ ...one, keyPrefix: "" }, '"keyPrefix" must NOT have fewer than 1 characters'],
    [{ ...one, onStoreFailure: "open" }, '"onStoreFailure" must be one of "refuse", "allow", got "open"'],
  ])("%j are none", (settings, problem) => {
    expect(checkJson(settingsSchema(), settings).join("\n")).toContain(problem);
  });

  test("what a server needs follows from them", () => {
    expect(manifest).toMatchObject({
      name: "rate-limit",
      capabilities: [{ interface: "tenon:host/kv" }],
    });
    expect(manifest).not.toHaveProperty("methods");
    const { requires } = manifest as { requires: { for: string; when: object }[] };
    const needs = (settings: object): string[] =>
      requires.filter(({ when }) => checkJson(when, settings).length === 0).map((each) => each.for);
    expect(needs(one)).toEqual(["exact limits"]);
    expect(needs({ ...one, by: ["peer", "tool"], approximate: true })).toEqual([
      "approximate limits",
      "limits by peer",
    ]);
    expect(needs({ ...one, by: ["tool", "principal"] })).toEqual(["exact limits", "limits by principal"]);
    expect(needs({ limits: [one, { ...one, by: ["principal"] }] })).toEqual([
      "exact limits",
      "limits by principal",
    ]);
    expect(requires).toMatchObject([
      { kv: { prefix: "keyPrefix", features: ["swap", "persistent"] } },
      { kv: { prefix: "keyPrefix" } },
      { principal: true },
      { peer: true },
    ]);
  });
});
