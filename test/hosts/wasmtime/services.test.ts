import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../../fixtures/runtime-process.ts";
import { bundleFile, type BundleFile } from "../bundle-file.ts";
import { closeServers, site, type Site } from "../node/outbound-site.ts";
import { request as call } from "../requests.ts";

const { path: wasmtime, missing } = findProgram("wasmtime");
const title = missing === undefined ? "wasmtime serve lends" : `wasmtime serve lends: NOT RUN, ${missing}`;

async function fixture(name: string): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL(`../../fixtures/components/${name}.ts`, import.meta.url));
  return (await buildComponent({ entry })).bytes;
}

describe.skipIf(missing !== undefined)(title, () => {
  let file: BundleFile;
  let server: RuntimeProcess;
  let granted: Site;
  /** Requests that `granted` has not answered yet: it answers two at a time. */
  let held: (() => void)[] = [];

  beforeAll(async () => {
    granted = await site((incoming, response) => {
      const { pathname } = new URL(incoming.url!, "http://site");
      if (pathname.startsWith("/pair/")) {
        held.push(() => response.end(pathname));
        if (held.length === 2) for (const answer of held.splice(0)) answer();
      } else if (pathname === "/echo") {
        response.setHeader("content-type", "text/plain");
        response.setHeader("x-method", incoming.method!);
        response.setHeader("x-length", incoming.headers["content-length"] ?? "none");
        response.end(granted.seen.at(-1)!.body);
      } else if (pathname === "/bytes") response.end(Buffer.from([0xff, 0x00]));
      else if (pathname === "/large") response.end(Buffer.alloc(4 * 1024 * 1024 + 1, "x"));
      else if (pathname === "/half") response.end(Buffer.alloc(512 * 1024, "x"));
      else if (pathname === "/moved") response.writeHead(302, { location: "/echo" }).end();
      else if (pathname === "/broken") {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        response.destroy();
      } else response.writeHead(404).end("nothing here");
    });
    const { bytes } = await compose({
      name: "lent",
      version: "1.0.0",
      access: "public",
      providers: [
        { as: "fetching", bytes: await fixture("fetching") },
        { as: "services", bytes: await fixture("services") },
      ],
      grants: {
        fetching: { http: [{ origin: granted.origin, methods: ["GET", "POST", "HEAD"] }] },
        services: {
          config: ["units", "empty-one", "unset"],
          secrets: [{ name: "KEY" }, { name: "EMPTY" }, { name: "NONE" }],
        },
      },
      middleware: [],
    });
    file = await bundleFile(bytes, "wasmtime");
    const variables = [
      "TENON_CONFIG_UNITS=métrique",
      "TENON_CONFIG_EMPTY_ONE=",
      "TENON_SECRET_KEY=s3cret",
      "TENON_SECRET_EMPTY=",
    ];
    const env = variables.flatMap((each) => ["--env", each]);
    server = await startRuntime(wasmtime!, [
      "serve",
      "-S",
      "cli",
      ...env,
      "--addr",
      "127.0.0.1:0",
      file.path,
    ]);
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    await file?.remove();
    await closeServers();
  });

  async function run(name: string, args: object): Promise<unknown> {
    const { body } = await call(`${server.origin}/mcp`, "tools/call", { name, arguments: args });
    const [{ text }] = body.result!["content"] as [{ text: string }];
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  const fetched = (path: string, init?: object): Promise<unknown> =>
    run("request", { url: granted.origin + path, ...(init && { init }) });

  test("requests to a granted origin, with their content", async () => {
    expect(await fetched("/echo?q=1")).toMatchObject({ status: 200, text: "" });
    const sent = "é€😀".repeat(100_000);
    const answer = (await fetched("/echo", { method: "POST", body: sent })) as {
      text: string;
      headers: [string, string][];
    };
    expect(answer.text).toBe(sent);
    expect(new Map(answer.headers).get("x-length")).toBe(String(Buffer.byteLength(sent)));
    expect(answer.headers.map(([name]) => name)).not.toContain("transfer-encoding");
    expect(await fetched("/nowhere")).toMatchObject({ status: 404, text: "nothing here" });
    expect(await fetched("/moved", { redirect: "manual" })).toMatchObject({ status: 302 });
  });

  test("requests side by side", async () => {
    held = [];
    const told = (await run("all", {
      urls: [`${granted.origin}/pair/1`, `${granted.origin}/pair/2`],
    })) as { texts: string[] };
    expect(told.texts).toEqual(["/pair/1", "/pair/2"]);
  });

  test("no more of an answer than fits", async () => {
    expect(await fetched("/half")).toMatchObject({ text: "x".repeat(512 * 1024) });
    expect(await fetched("/bytes")).toMatchObject({ base64: "/wA=" });
    expect(JSON.stringify(await fetched("/large"))).toMatch(/too-large/);
    expect(JSON.stringify(await fetched("/broken"))).toMatch(/unreachable/);
  });

  test("nothing that was not granted", async () => {
    expect(JSON.stringify(await run("request", { url: "http://127.0.0.1:9/" }))).toMatch(/denied/);
    expect(JSON.stringify(await fetched("/echo", { method: "DELETE" }))).toMatch(/denied/);
  });

  test.each([
    ["config", "units", { gives: "métrique" }],
    ["config", "empty-one", { gives: "" }],
    ["config", "unset", {}],
    ["config", "other", { code: "denied" }],
    ["secrets", "KEY", { gives: "s3cret" }],
    ["secrets", "EMPTY", { code: "missing" }],
    ["secrets", "NONE", { code: "missing" }],
    ["secrets", "OTHER", { code: "denied" }],
  ])("%s %s", async (service, name, gives) => {
    expect(await run("call", { service, method: "get", args: [name] })).toMatchObject(gives);
  });
});
