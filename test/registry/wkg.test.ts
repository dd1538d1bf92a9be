import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../fixtures/programs.ts";
import { startSigningBench, type SigningBench } from "./signing-bench.ts";
import { REGISTRY } from "./start-registry.ts";

// wkg reads what is pushed here, and the other way round: both hold to the layout of Wasm artifacts.

const WKG = findProgram("wkg", { optional: true });

describe.skipIf(WKG.missing !== undefined || REGISTRY.missing !== undefined)("wkg", () => {
  let bench: SigningBench;
  beforeAll(async () => {
    bench = await startSigningBench();
  }, 60_000);
  afterAll(() => bench?.stop());

  const wkg = async (...args: string[]): Promise<void> => {
    const { host } = bench.registry;
    await promisify(execFile)(WKG.path!, ["oci", ...args, "--insecure", host], { cwd: bench.folder });
  };
  const file = (name: string): Buffer => readFileSync(join(bench.folder, name));

  test("pulls a component that was pushed here", async () => {
    const name = `${bench.registry.host}/acme/calculator:1.0.0`;
    expect((await bench.tenon("push", "calculator.wasm", name)).code).toBe(0);
    await wkg("pull", name, "-o", "theirs.wasm");
    expect(file("theirs.wasm").equals(file("calculator.wasm"))).toBe(true);
  });

  test("pushes a component that is pulled, inspected and composed here", async () => {
    const name = `${bench.registry.host}/acme/pushed:1.0.0`;
    await wkg("push", name, "calculator.wasm");
    expect(await bench.tenon("pull", name, "-o", "ours.wasm")).toMatchObject({ code: 0 });
    expect(file("ours.wasm").equals(file("calculator.wasm"))).toBe(true);
    const inspected = await bench.tenon("inspect", `oci://${name}`, "--json");
    expect(JSON.parse(inspected.stdout)).toMatchObject({ manifest: { name: "calculator" } });
  });
});
