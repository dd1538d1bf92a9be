import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { request } from "../requests.ts";
import { fixture, serveOnFastly, type FastlyServer } from "./serve.ts";

const { path: viceroy, missing } = findProgram("viceroy");
const title = missing === undefined ? "backends of Fastly" : `backends of Fastly: NOT RUN, ${missing}`;

describe.skipIf(missing !== undefined)(title, () => {
  let site: Server;
  let origin: string;
  let server: FastlyServer;
  let arrived: string[] = [];
  const held: (() => void)[] = [];

  beforeAll(async () => {
    site = createServer((incoming, outgoing) => {
      const { url, method, headers } = incoming;
      arrived.push(`${method} ${url}`);
      if (url === "/never") return;
      if (url === "/stall") {
        outgoing.write("begin");
        return;
      }
      if (url === "/moved") {
        outgoing.writeHead(302, { location: "/elsewhere" }).end();
        return;
      }
      if (url === "/bytes") {
        outgoing.end(Buffer.from([0xff, 0x00]));
        return;
      }
      if (url === "/large") {
        outgoing.end(Buffer.alloc(5 * 1024 * 1024));
        return;
      }
      // Answers both only when both have arrived.
      if (url?.startsWith("/pair/")) {
        held.push(() => outgoing.end(url));
        if (held.length === 2) for (const answer of held.splice(0)) answer();
        return;
      }
      let content = "";
      incoming.setEncoding("utf8").on("data", (piece: string) => (content += piece));
      incoming.on("end", () => {
        outgoing.setHeader("x-seen", headers["x-token"] ?? "none");
        outgoing.end(`${method} ${url} ${headers.host} ${content}`);
      });
    });
    await new Promise<void>((resolve) => {
      site.listen(0, "127.0.0.1", resolve);
    });
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const { bytes } = await compose({
      name: "fetching",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "fetching", bytes: await fixture("fetching") }],
      middleware: [],
      grants: {
        fetching: {
          http: [{ origin, methods: ["GET", "POST"] }, { origin: "http://127.0.0.1:9" }],
          secrets: [{ name: "TOKEN", header: "x-token", origin }],
        },
      },
    });
    server = await serveOnFastly(viceroy!, bytes, { env: { TENON_SECRET_TOKEN: "hidden" } });
  }, 300_000);
  afterAll(async () => {
    await server?.stop();
    site?.closeAllConnections();
    site?.close();
  });

  async function call(name: string, args: object): Promise<Record<string, unknown>> {
    arrived = [];
    const { body } = await request(server.url, "tools/call", { name, arguments: args });
    const { content } = body.result as { content: [{ text: string }] };
    return JSON.parse(content[0].text) as Record<string, unknown>;
  }

  test("fetch() reaches a granted origin through its backend, with the header of a secret", async () => {
    const { status, text, headers } = await call("request", {
      url: `${origin}/a?b=1`,
      init: { method: "POST", body: "é" },
    });
    expect({ status, text }).toEqual({
      status: 200,
      text: `POST /a?b=1 ${origin.slice("http://".length)} é`,
    });
    expect(headers).toContainEqual(["x-seen", "hidden"]);
  });

  test("redirects are returned, and content that is no text arrives as bytes", async () => {
    expect(await call("request", { url: `${origin}/moved`, init: { redirect: "manual" } })).toMatchObject({
      status: 302,
    });
    expect(arrived).toEqual(["GET /moved"]);
    expect(await call("request", { url: `${origin}/bytes` })).toMatchObject({ base64: "/wA=" });
  });

  test("requests run side by side", async () => {
    const { texts } = await call("all", { urls: [`${origin}/pair/1`, `${origin}/pair/2`] });
    expect(texts).toEqual(["/pair/1", "/pair/2"]);
  });

  test("what is not granted is denied, and does not leave", async () => {
    const denied = await call("request", { url: `${origin}/a`, init: { method: "DELETE" } });
    expect(denied["throws"]).toBeDefined();
    expect(await call("request", { url: "http://127.0.0.1:8/" })).toHaveProperty("throws");
    expect(arrived).toEqual([]);
  });

  test("failures are told by their kind", async () => {
    expect(await call("request", { url: "http://127.0.0.1:9/" })).toMatchObject({
      throws: expect.any(String) as string,
      message: expect.stringMatching(/connection/) as string,
    });
    expect(await call("request", { url: `${origin}/large` })).toMatchObject({ code: "too-large" });
  });

  test("an answer that does not come, or does not end, is given up after 5 s", async () => {
    for (const path of ["/never", "/stall"]) {
      expect(await call("request", { url: `${origin}${path}` }), path).toMatchObject({
        code: "timeout",
      });
    }
  }, 30_000);
});
