import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, type Composition } from "tenon/compose";
import { serveHttp, type HttpServer } from "tenon/hosts/node";
import { inspect } from "tenon/inspect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectionText } from "../../../src/inspect/inspection-text.ts";
import { request } from "../requests.ts";
import { wasiReader } from "../../fixtures/wasi-reader.ts";

let folder: string;
let composition: Composition;
let server: HttpServer;
const lines: { source: string; message: string; fields?: unknown }[] = [];

/** Twice the same component: one is granted everything, one nothing. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenon-unsafe-"));
  writeFileSync(join(folder, "file.txt"), "content");
  composition = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "trusted", bytes: await wasiReader("trusted") },
      { as: "strange", bytes: await wasiReader("strange") },
    ],
    middleware: [],
    grants: { trusted: { unsafe: true } },
  });
  process.env.UNSAFE_TEST = "variable";
  process.env.TENON_SECRET_UNSAFE = "secret";
  server = await serveHttp(composition.bytes, {
    port: 0,
    cacheDir: join(folder, "cache"),
    log: (text) => {
      for (const line of Buffer.from(text).toString("utf8").trim().split("\n")) {
        lines.push(JSON.parse(line) as (typeof lines)[number]);
      }
    },
  });
}, 120_000);

afterAll(async () => {
  delete process.env.UNSAFE_TEST;
  delete process.env.TENON_SECRET_UNSAFE;
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function call(tool: string, args: object): Promise<unknown> {
  const { body } = await request(server.url, "tools/call", { name: tool, arguments: args });
  return (body.result as { structuredContent?: { value: unknown } }).structuredContent?.value;
}

test("an unsafe part has files, variables and sockets of the process, and no variable of Tenon's own", async () => {
  expect(await call("trusted", { action: "file", path: join(folder, "file.txt") })).toBe("content");
  expect(await call("trusted", { action: "file", path: join(folder, "none.txt") })).toEqual({
    error: "no-entry",
  });
  expect(await call("trusted", { action: "environment", name: "UNSAFE_TEST" })).toBe("variable");
  expect(await call("trusted", { action: "environment", name: "TENON_SECRET_UNSAFE" })).toBeNull();
  expect(await call("trusted", { action: "socket" })).toBe("created");
  expect(lines.splice(0)).toEqual([]);
});

function denial(id: string, name: string): object {
  return { source: "strange", message: "denied", fields: { interface: id, request: name } };
}

test("the same component beside it has none of them, and each denial is logged in its name once", async () => {
  for (let i = 0; i < 3; i++) {
    expect(await call("strange", { action: "file", path: join(folder, "file.txt") })).toBeNull();
    expect(await call("strange", { action: "environment", name: "UNSAFE_TEST" })).toBeNull();
    expect(await call("strange", { action: "socket" })).toEqual({ error: "access-denied" });
  }
  const denials = lines.map(({ source, message, fields }) => ({ source, message, fields }));
  expect(new Set(denials.map((each) => JSON.stringify(each))).size).toBe(3);
  expect(denials).toEqual(
    expect.arrayContaining([
      denial("wasi:filesystem/preopens", "get-directories"),
      denial("wasi:cli/environment", "get-environment"),
      denial("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    ]),
  );
});

test("inspect says which part is unsafe, from the bytes, and finds nothing else wrong", async () => {
  const inspection = await inspect(composition.bytes);
  expect(inspection.contradictions).toEqual([]);
  const [trusted, strange] = inspection.parts;
  expect(trusted!.unsafe).toEqual(
    expect.arrayContaining(["wasi:cli/environment", "wasi:filesystem/preopens"]),
  );
  expect(strange).not.toHaveProperty("unsafe");
  const red: string[] = [];
  inspectionText(inspection, "core.wasm", (style, text) => {
    if (style === "red") red.push(text);
    return text;
  });
  expect(red.join("\n")).toMatch(/^ {4}UNSAFE {4}wasi:cli\/environment, .*wasi:filesystem\/preopens/s);
});
