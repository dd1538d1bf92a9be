import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compose } from "tenon/compose";
import { serveHttp } from "tenon/hosts/node";
import { writeManifest, type ProviderManifest } from "tenon/manifest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { worldSource } from "../../src/wit/index.ts";
import { findTool } from "../fixtures/programs.ts";

const engine = findTool("@bytecodealliance", "componentize-js", "src", "componentize.js");

const SOURCE = `
export const provider = {
  handle(context, request) {
    const { arguments: { text } } = JSON.parse(request.params);
    return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text: text.toUpperCase() }] }) };
  },
};
`;

const MANIFEST: ProviderManifest = {
  manifestVersion: 1,
  kind: "provider",
  name: "shout",
  version: "1.0.0",
  tools: [{ name: "shout", inputSchema: { type: "object", properties: { text: { type: "string" } } } }],
  capabilities: [],
  toolchain: { sdk: "0.1.0", engine: { name: "starlingmonkey", version: "0.23.0" } },
};

/** Says what a page has, or why it cannot be had. It imports `wasi:http` and nothing of Tenon's for it. */
const FETCHING = `
export const provider = {
  async handle(context, request) {
    const { arguments: { url } } = JSON.parse(request.params);
    let text;
    try {
      text = await (await fetch(url)).text();
    } catch (error) {
      text = "failed";
    }
    return { tag: "success", val: JSON.stringify({ content: [{ type: "text", text }] }) };
  },
};
`;

describe.skipIf(engine.missing)(
  `a component of another toolchain${engine.missing ? ` (${engine.missing})` : ""}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "tenon-starlingmonkey-"));
    let component: Uint8Array;
    let site: Server;
    const paths: string[] = [];

    async function build(source: string, disableFeatures: string[]): Promise<Uint8Array> {
      const { componentize } = (await import(pathToFileURL(engine.path!).href)) as {
        componentize: (options: object) => Promise<{ component: Uint8Array }>;
      };
      writeFileSync(join(folder, "source.js"), source);
      const wit = worldSource({ name: "shout", imports: [], exports: ["tenon:mcp/provider@0.1.0"] });
      writeFileSync(join(folder, "world.wit"), wit);
      const files = { sourcePath: join(folder, "source.js"), witPath: join(folder, "world.wit") };
      return (await componentize({ ...files, worldName: "shout", disableFeatures })).component;
    }

    beforeAll(async () => {
      component = writeManifest(await build(SOURCE, ["fetch-event", "http"]), MANIFEST);
      site = createServer((request, response) => {
        paths.push(request.url!);
        response.end("a page");
      });
      await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", () => resolve()));
    });
    afterAll(() => site.close());
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("composes with a middleware and a provider of ours, and answers on the Node host", async () => {
      const { bytes, imports } = await compose({
        name: "mixed",
        version: "1.0.0",
        access: "public",
        providers: [
          { as: "shout", bytes: component },
          { as: "calculator", bytes: read("calculator") },
        ],
        middleware: [{ as: "access-log", bytes: read("access-log") }],
      });
      expect(imports.filter((name) => /filesystem|sockets|environment|http/.test(name))).toEqual([]);
      const server = await serveHttp(bytes, { port: 0, host: "127.0.0.1" });
      try {
        expect(await callTool(server.url, "shout", { text: "hello" })).toMatchObject({
          content: [{ text: "HELLO" }],
        });
        expect(await callTool(server.url, "add", { a: 2, b: 3 })).toMatchObject({
          structuredContent: { sum: 5 },
        });
      } finally {
        await server.close();
      }
    });

    test("reaches the network by wasi:http where it is unsafe, and nothing where it is granted nothing", async () => {
      const fetching = await build(FETCHING, ["fetch-event"]);
      const named = (name: string): Uint8Array =>
        writeManifest(fetching, { ...MANIFEST, name, tools: [{ ...MANIFEST.tools[0]!, name }] });
      const { bytes } = await compose({
        name: "open-and-shut",
        version: "1.0.0",
        access: "public",
        providers: [
          { as: "open", bytes: named("open") },
          { as: "shut", bytes: named("shut") },
        ],
        middleware: [],
        grants: { open: { unsafe: true } },
      });
      const lines: string[] = [];
      const log = (text: Uint8Array): void => void lines.push(Buffer.from(text).toString("utf8"));
      const server = await serveHttp(bytes, { port: 0, host: "127.0.0.1", log });
      try {
        const page = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
        expect(await callTool(server.url, "shut", { url: `${page}/shut` })).not.toMatchObject({
          content: [{ text: "a page" }],
        });
        expect(await callTool(server.url, "open", { url: `${page}/open` })).toMatchObject({
          content: [{ text: "a page" }],
        });
        expect(paths).toEqual(["/open"]);
        const denied = lines
          .join("")
          .split("\n")
          .filter((line) => line.includes('"denied"'));
        expect(denied.some((line) => line.includes('"source":"shut"') && line.includes("wasi:http"))).toBe(
          true,
        );
        expect(denied.filter((line) => line.includes('"source":"open"'))).toEqual([]);
      } finally {
        await server.close();
      }
    });
  },
);

function read(name: string): Uint8Array {
  return readFileSync(new URL(`../../dist/components/${name}.wasm`, import.meta.url));
}

async function callTool(url: string, name: string, args: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } }),
  });
  return ((await response.json()) as { result: unknown }).result;
}
