import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp } from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endlessCore, suiteCore } from "../suite-core.ts";
import { request } from "../requests.ts";
import { hostSuite, type RunningHost } from "../suite.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));

afterAll(() => rmSync(cacheDir, { recursive: true }));

async function start(core: Uint8Array, deadlineMs: number): Promise<RunningHost> {
  let output = "";
  const written = new EventEmitter();
  const server = await serveHttp(core, {
    port: 0,
    cacheDir,
    deadlineMs,
    log: (lines) => {
      output += Buffer.from(lines).toString("utf8");
      written.emit("lines");
    },
  });
  return {
    url: server.url,
    stop: () => server.close(),
    async until(pattern) {
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        await once(written, "lines");
      }
    },
  };
}

hostSuite({
  name: "serveHttp()",
  logs: true,
  start: async () => start((await suiteCore()).bytes, 10_000),
});

describe("serveHttp() with a tool that never returns", () => {
  let host: RunningHost;

  beforeAll(async () => {
    host = await start((await endlessCore()).bytes, 500);
  });
  afterAll(() => host?.stop());

  test("the deadline ends the call, and the next call works", async () => {
    const endless = await request(host.url, "tools/call", { name: "endless", arguments: {} });
    expect(endless.status).toBe(504);
    expect(endless.body.error).toMatchObject({ code: -31_504 });
    const next = await request(host.url, "tools/call", { name: "add", arguments: { a: 1, b: 1 } });
    expect(next.body.result).toMatchObject({ structuredContent: { sum: 2 } });
  });
});
