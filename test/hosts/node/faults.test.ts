import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { loadCore, serveHttp, type HttpServer, type LimitsInput, type LoadedCore } from "tenon/hosts/node";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { request, type Answer } from "../requests.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
/** Long enough for a good call on a busy machine. */
const DEADLINE_MS = 1500;
const NEVER = 1_000_000;
let core: LoadedCore;
let logged = "";

beforeAll(async () => {
  const parts = ["test/fixtures/components/faulty.ts", "components/calculator/tool.ts"];
  const [faulty, calculator] = await Promise.all(
    parts.map(async (entry) => (await buildComponent({ entry })).bytes),
  );
  const { bytes: link } = await buildComponent({ entry: "test/fixtures/components/faulty-link.ts" });
  const { bytes } = await compose({
    name: "faults",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "faulty", bytes: faulty! },
      { as: "calculator", bytes: calculator! },
    ],
    middleware: [{ as: "faulty-link", bytes: link }],
  });
  core = await loadCore(bytes, { cacheDir });
}, 120_000);

afterAll(() => rmSync(cacheDir, { recursive: true }));

beforeEach(() => {
  logged = "";
});

async function withServer(
  guests: NonNullable<LimitsInput["guests"]>,
  use: (server: HttpServer) => Promise<void>,
): Promise<void> {
  const server = await serveHttp(core, {
    port: 0,
    workers: 2,
    limits: { calls: { deadlineMs: DEADLINE_MS }, guests },
    log: (lines) => {
      logged += Buffer.from(lines).toString("utf8");
    },
  });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

function call(url: string, name: string): Promise<Answer> {
  return request(url, "tools/call", { name, arguments: name === "add" ? { a: 20, b: 22 } : {} });
}

async function expectSum(url: string): Promise<void> {
  const { status, body } = await call(url, "add");
  expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
  expect(JSON.stringify(body.result)).toContain("42");
}

const stopped = { status: 504, body: { error: { code: -31_504 } } };
const toolFailed = { status: 200, body: { result: { isError: true } } };

test.each([
  ["loops in its run", "loop", stopped],
  ["loops when it is first called", "init", stopped],
  ["stands behind middleware that loops", "link", stopped],
  ["takes all memory", "bomb", toolFailed],
  ["recurses without end", "overflow", {}],
  ["returns a gigabyte", "output", toolFailed],
  ["returns more than a result may have", "large", { status: 500, body: { error: { code: -32_603 } } }],
  ["asks for two gigabytes of random numbers", "random", toolFailed],
  ["asks for more random numbers than one call gives", "entropy", toolFailed],
])("a tool that %s costs its own call alone", async (_, fault, answer) => {
  await withServer({ failures: NEVER }, async ({ url }) => {
    const failed = call(url, fault);
    await expectSum(url);
    expect(await failed).toMatchObject(answer);
    await expectSum(url);
  });
});

test("a tool that logs a million lines is cut off, and its lines are counted", async () => {
  await withServer({ failures: NEVER }, async ({ url }) => {
    await call(url, "flood");
    await expectSum(url);
  });
  expect(logged).toMatch(/\d{3,} log lines of one call were dropped/);
  expect(logged.length).toBeLessThan(100_000);
});

test("good calls among failing ones are all answered", async () => {
  await withServer({ failures: NEVER }, async ({ url }) => {
    const faults = ["loop", "bomb", "overflow", "output", "link", "random"];
    const good = async (): Promise<void> => {
      for (let i = 0; i < 54; i++) await expectSum(url);
    };
    const bad = async (): Promise<void> => {
      for (const fault of faults) expect((await call(url, fault)).status).not.toBe(503);
    };
    await Promise.all([good(), bad()]);
    await expectSum(url);
  });
});

test("a provider that fails again and again gets a rest, and others go on", async () => {
  await withServer({ failures: 3, restMs: 60_000 }, async ({ url }) => {
    for (let i = 0; i < 3; i++) expect(await call(url, "loop")).toMatchObject(stopped);
    const refused = { status: 503, body: { error: { code: -31_502 } } };
    // All that it provides, as nobody can say which of its tools is to blame.
    expect(await call(url, "random")).toMatchObject(refused);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "loop" } }),
    });
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(50);
    await expectSum(url);
  });
  expect(logged).toContain('The circuit of \\"faulty\\" is open for 60000 ms: tools/call');
});

test("a provider that rests is tried again, and a call that succeeds ends its rest", async () => {
  await withServer({ failures: 1, restMs: 1 }, async ({ url }) => {
    expect(await call(url, "loop")).toMatchObject(stopped);
    let answer: Answer;
    do answer = await call(url, "random");
    while (answer.status === 503);
    expect(answer).toMatchObject(toolFailed);
    expect(await call(url, "random")).toMatchObject(toolFailed);
  });
  expect(logged).toContain('The circuit of \\"faulty\\" is closed');
});
