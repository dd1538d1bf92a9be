import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import { SERVICES } from "../../fixtures/service-probe.ts";
import { compile, invoke as invokeIn } from "../../fixtures/wasmtime-invoke.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

const wasmtime = findProgram("wasmtime");

/** An expression that sends a request without parameters. */
function call(method: string, target: string): string {
  return `handle("{}", {id: some("1"), method: "${method}", target: ${target}, params: none})`;
}

describe.skipIf(wasmtime.missing !== undefined)("wasmtime", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-wasmtime-"));
  const file = join(folder, "core");
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const provider = await buildProvider(
      providerManifest("calculator", ["add"]),
      `const { a, b } = JSON.parse(req.params); return { tag: "success", val: JSON.stringify({ sum: a + b, ctx }) };`,
    );
    const files = writeManifest(await constantProvider('{"contents":[]}'), {
      ...providerManifest("files", []),
      resourceTemplates: [{ uriTemplate: "file:///{+path}", name: "file" }],
      dynamic: ["tools"],
    });
    const middleware = await buildMiddleware(
      { ...middlewareManifest("wrap"), methods: ["tools/call"] },
      `const outcome = next.handle("wrapped", req); return outcome;`,
    );
    const { bytes, shared } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [
        { as: "calc", bytes: provider },
        { as: "files", bytes: files },
      ],
      middleware: [{ as: "wrap", bytes: middleware }],
    });
    expect(shared).toMatchObject([{ uses: 2 }]);
    compile(wasmtime.path!, bytes, file);
  });

  const invoke = (expression: string): string => invokeIn(wasmtime.path!, file, expression);

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

  test("matches templates, and fails a dynamic list that is none", () => {
    expect(invoke(call("resources/read", 'some("file:///a/b")'))).toBe(
      String.raw`success("{\"contents\":[]}")`,
    );
    expect(invoke(call("resources/read", 'some("file:///")'))).toContain("code: -32602");
    expect(invoke(call("tools/list", "none"))).toContain("code: -32603");
  });

  test("compiles gates on every interface", async () => {
    const provider = await buildProvider(
      providerManifest("asks", ["ask"]),
      "void [http, kv, config, secrets];",
      SERVICES,
    );
    const origin = "https://a.example";
    const { bytes } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "asks", bytes: provider }],
      middleware: [],
      grants: {
        asks: {
          http: [{ origin, paths: ["/v1"] }],
          kv: ["a/"],
          config: ["a"],
          secrets: [{ name: "a" }, { name: "b", header: "authorization", origin }],
        },
      },
    });
    compile(wasmtime.path!, bytes, join(folder, "gates"));
  });
});
