import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";

const wasmtime = findProgram("wasmtime");

describe.skipIf(wasmtime.missing !== undefined)("wasmtime", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-wasmtime-"));
  const file = join(folder, "core.wasm");
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const provider = await buildProvider(
      providerManifest("calculator", ["add"]),
      `const { a, b } = JSON.parse(req.params); return { tag: "success", val: JSON.stringify({ sum: a + b, ctx }) };`,
    );
    const middleware = await buildMiddleware(
      middlewareManifest("wrap"),
      `const outcome = next.handle("wrapped", req); return outcome;`,
    );
    const { bytes, shared } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "calc", bytes: provider }],
      middleware: [{ as: "wrap", bytes: middleware }],
    });
    expect(shared).toMatchObject([{ uses: 2 }]);
    writeFileSync(file, bytes);
  });

  function invoke(expression: string): string {
    const { stdout, stderr, status } = spawnSync(wasmtime.path!, ["run", "--invoke", expression, file], {
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    return stdout.trim();
  }

  test("runs a composition whose parts share one engine", () => {
    const request = `{id: some("1"), method: "tools/call", target: some("add"), params: some("{\\"a\\":1,\\"b\\":41}")}`;
    expect(invoke(`handle("{}", ${request})`)).toBe(String.raw`success("{\"sum\":42,\"ctx\":\"wrapped\"}")`);
  });

  test("answers lists and the catalog from constants", () => {
    expect(invoke(`handle("{}", {id: some("1"), method: "ping", target: none, params: none})`)).toBe(
      'success("{}")',
    );
    expect(invoke(`handle("{}", {id: none, method: "ping", target: none, params: none})`)).toBe("accepted");
    expect(invoke('get("tool", "add")')).toContain(String.raw`\"provider\":\"calc\"`);
    expect(invoke('get("tool", "sub")')).toBe("none");
  });
});
