import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool, loadCore, type Pool } from "tenon/hosts/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compose } from "../../../src/compose/index.ts";
import { CONTEXT } from "../../fixtures/compiled-component.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
const lines: string[] = [];
let pool: Pool;

beforeAll(async () => {
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/stacks/tool.ts" });
  const plain = await buildComponent({ entry: "test/fixtures/components/stacks/plain.ts" });
  expect(plain.inputs.filter((path) => path.includes("zod"))).toEqual([]);
  const middleware = await buildComponent({ entry: "test/fixtures/components/stacks/middleware.ts" });
  const core = await compose({
    name: "stacks",
    version: "1.0.0",
    access: "public",
    providers: [
      { as: "towns", bytes },
      { as: "plain", bytes: plain.bytes },
    ],
    middleware: [{ as: "door", bytes: middleware.bytes }],
  });
  pool = await createPool(await loadCore(core.bytes, { cacheDir }), { workers: 1, log });
});

afterAll(async () => {
  await pool.close();
  rmSync(cacheDir, { recursive: true });
});

function log(text: Uint8Array): void {
  lines.push(...Buffer.from(text).toString("utf8").trim().split("\n"));
}

interface Line {
  source: string;
  message: string;
  fields?: { stack?: string };
}

/** The line that a call logs, and what the client gets. */
async function call(target: string): Promise<{ line: Line; answer: string }> {
  lines.length = 0;
  const request = { id: "1", method: "tools/call", target, params: "{}" };
  const answer = JSON.stringify(await pool.handle(CONTEXT, request, { deadline: Date.now() + 20_000 }));
  return { line: JSON.parse(lines[0]!) as Line, answer };
}

test("a stack in the log tells functions and places of the author's sources", async () => {
  const { line, answer } = await call("throw");
  expect(line.source).toBe("towns");
  expect(line.fields?.stack).toBe(
    "    at nameOf (lib/towns.ts:9:50)\n    at describeTown (lib/towns.ts:16:33)\n    at run (tool.ts:24:29)\n",
  );
  expect(answer).not.toContain("towns.ts");
});

test("a stack after an await does as well", async () => {
  const { line } = await call("throw-later");
  expect(line.fields?.stack).toBe(
    "    at nameOf (lib/towns.ts:9:50)\n    at describeTown (lib/towns.ts:16:33)\n    at tool.ts:10:23\n",
  );
});

test("so does a stack in a component that was bundled again without its schemas", async () => {
  const { line } = await call("throw-plainly");
  expect(line.source).toBe("plain");
  expect(line.fields?.stack).toBe(
    "    at nameOf (lib/towns.ts:9:50)\n    at describeTown (lib/towns.ts:16:33)\n    at run (plain.ts:24:25)\n",
  );
  const { line: later } = await call("throw-plainly-later");
  expect(later.fields?.stack).toMatch(/^ {4}at nameOf .*\n {4}at describeTown .*\n {4}at plain\.ts:8:\d+\n$/);
});

test("so does a stack that a message holds", async () => {
  const { line } = await call("console");
  expect(line.message).toBe("RangeError: logged\n    at run (tool.ts:44:27)");
});

test("an exception of a middleware points into its own source", async () => {
  const { line } = await call("refused");
  expect(line.source).toBe("door");
  expect(line.fields?.stack).toMatch(
    /^ {4}at refuse \(middleware\.ts:4:13\)\n {4}at middleware\.ts:12:\d+\n/,
  );
});

test("a trap names the tool and the part it belongs to", async () => {
  const { line, answer } = await call("overflow");
  expect(line.source).toBe("host");
  expect(line.message).toMatch(/^tools\/call "overflow" of "towns" trapped: /);
  expect(answer).toBe('{"failure":"trap"}');
});
