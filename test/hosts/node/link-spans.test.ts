import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import {
  createHostServices,
  loadCore,
  openTracing,
  serveHttp,
  type Isolation,
  type LoadedCore,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { startCollector, type Collector, type ReceivedSpan } from "../../fixtures/otlp-collector.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
let core: LoadedCore;
let collector: Collector;

const component = (name: string): Buffer => readFileSync(`dist/components/${name}.wasm`);

beforeAll(async () => {
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "calculator", bytes: component("calculator") },
      {
        as: "faulty",
        bytes: (await buildComponent({ entry: "test/fixtures/components/faulty.ts" })).bytes,
      },
    ],
    middleware: [
      { as: "access-log", bytes: component("access-log") },
      {
        as: "limits",
        bytes: component("rate-limit"),
        settings: { limit: 1000, windowMs: 1000, by: ["tool"] },
      },
      { as: "guard", bytes: component("guard") },
      { as: "cache", bytes: component("cache") },
    ],
    grants: { limits: { kv: ["limits/"] }, cache: { kv: ["cache/"] } },
  });
  core = await loadCore(bytes, { cacheDir, isolation: "process" });
});

beforeEach(async () => {
  collector = await startCollector();
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
});

afterEach(async () => {
  delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  await collector.close();
});

afterAll(() => rmSync(cacheDir, { recursive: true }));

/** The spans of one request. */
async function spansOf(method: string, params: object, isolation?: Isolation): Promise<ReceivedSpan[]> {
  const tracing = (await openTracing(() => {}))!;
  const server = await serveHttp(core, {
    port: 0,
    workers: 1,
    services: createHostServices,
    limits: { calls: { queueMs: 60_000, deadlineMs: 60_000 } },
    observer: tracing.observer,
    log: () => {},
    ...(isolation && { isolation }),
  });
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }),
  });
  await response.text();
  await server.close();
  await tracing.close();
  return collector.spans;
}

/** The names of links, each before those that it called. */
function linksOf(spans: readonly ReceivedSpan[]): string[] {
  const names: string[] = [];
  let parent = spans.find(({ name }) => name.startsWith("core "));
  for (;;) {
    const within = spans.filter(
      ({ name, parentSpanId }) => name.startsWith("link ") && parentSpanId === parent?.spanId,
    );
    if (within.length === 0) return names;
    expect(within).toHaveLength(1);
    [parent] = within;
    names.push(parent!.name);
    expect(parent!.attributes["tenon.part"]).toBe(parent!.name.slice("link ".length));
  }
}

const ADD = { name: "add", arguments: { a: 2, b: 3 } };

test.each([undefined, "process"] as const)(
  "Each link of the chain and the provider have a span in the one before (isolation: %s)",
  async (isolation) => {
    const spans = await spansOf("tools/call", ADD, isolation);
    // Middleware that shares a component is entered once.
    expect(linksOf(spans)).toEqual([
      "link access-log",
      "link limits",
      "link guard + cache",
      "link calculator",
    ]);
    const times = spans
      .filter(({ name }) => name.startsWith("link "))
      .sort((a, b) => (a.start < b.start ? -1 : 1));
    for (const [i, { start, end }] of times.entries()) {
      expect(start).toBeLessThanOrEqual(end);
      if (i > 0) expect(end).toBeLessThanOrEqual(times[i - 1]!.end);
    }
  },
);

test("A link that a request passes by has no span", async () => {
  expect(linksOf(await spansOf("prompts/list", {}))).not.toContain("link guard + cache");
});

test("A part that traps is an error of its span, and of those that called it", async () => {
  const spans = await spansOf("tools/call", { name: "overflow", arguments: {} });
  expect(linksOf(spans).at(-1)).toBe("link faulty");
  for (const { name, status, attributes } of spans.filter((span) => span.name.startsWith("link "))) {
    expect({ name, status, error: attributes["error.type"] }).toEqual({ name, status: 2, error: "trap" });
  }
});
