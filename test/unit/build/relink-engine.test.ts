import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentize } from "componentize-qjs";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { beforeAll, describe, expect, test } from "vitest";
import { reproducibleEngine } from "../../../src/build/engine-runtime.ts";
import { relinkEngine } from "../../../src/build/relink-engine.ts";
import {
  ByteReader,
  ByteWriter,
  componentResources,
  readSections,
  SECTION,
} from "../../../src/wasm/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import type { Core } from "../../fixtures/run-component.ts";
import { transpileComponent } from "../../fixtures/transpile-component.ts";

const MEMORY_SECTION = 5;
const ELEMENT_SECTION = 9;

// What goes through the table, the clocks, the allocator and the imports, on either side of a failure.
const SOURCE = `
import { write } from "tenon:host/log@0.1.0";
const loaded = Date.now();
export const provider = {
  handle(context, { method, params }) {
    write({ level: "info", message: method, source: undefined, fields: params });
    if (method === "fail") return { tag: "failure", val: { code: 7, message: "no", data: undefined } };
    const words = JSON.parse(params).sort((a, b) => b.localeCompare(a));
    const text = words.map((word) => word.normalize("NFD").replace(/\\p{M}/gu, "").toUpperCase());
    return {
      tag: "success",
      val: JSON.stringify([context, text, Date.now(), loaded < 2e12, performance.now() > 0, String(2n ** 70n), [3.25, 1e21, -0]]),
    };
  },
};`;

const WORLD = "relinked";
const wit = worldSource({
  name: WORLD,
  imports: ["tenon:host/log@0.1.0"],
  exports: ["tenon:mcp/provider@0.1.0"],
});
let engine: Uint8Array;
let component: Uint8Array;

beforeAll(async () => {
  engine = (await reproducibleEngine())!;
  const folder = await mkdtemp(join(tmpdir(), "tenon-test-"));
  try {
    const witPath = join(folder, "world.wit");
    await writeFile(witPath, wit);
    ({ component } = await componentize({
      witPath,
      world: WORLD,
      jsSource: SOURCE,
      runtimeBytes: Buffer.from(engine),
    }));
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);

function relink(changed: Partial<Parameters<typeof relinkEngine>[0]> = {}): Promise<Uint8Array> {
  return relinkEngine({ component, engine, wit, world: WORLD, ...changed });
}

function unexpected(): never {
  throw new Error("something was called that must not be");
}

/** An interface whose functions must not be called. */
const NOTHING = new Proxy({}, { get: () => unexpected });

/** What a component answers and logs, and what it imports. */
async function observe(
  bytes: Uint8Array,
): Promise<{ answers: unknown[]; lines: unknown[]; imports: string[] }> {
  const lines: unknown[] = [];
  const { imports, instantiate } = await transpileComponent<Core>(bytes);
  const nothing = Object.fromEntries(imports.map((name) => [name, NOTHING]));
  const { provider } = instantiate({
    ...nothing,
    "tenon:host/log": { write: (line: unknown) => lines.push(line) },
    "wasi:clocks/monotonic-clock": { now: () => 2_000_000_000n, subscribeDuration: unexpected },
    "wasi:clocks/wall-clock": { now: () => ({ seconds: 1_900_000_000n, nanoseconds: 5_000_000 }) },
  });
  const requests = ["run", "fail", "run"].map((method) => ({
    method,
    params: '["zebra","\u00c9cole","apfel"]',
  }));
  const long = {
    method: "run",
    params: JSON.stringify(Array.from({ length: 20_000 }, (_, i) => `word ${i}`)),
  };
  const answers = [...requests, long].map((request) => provider.handle('{"a":"\u00fc"}', request));
  return { answers, lines, imports };
}

/** The core modules at the top of a component. */
function modulesIn(bytes: Uint8Array): Uint8Array[] {
  return readSections(bytes).flatMap(({ id, content }) => (id === SECTION.coreModule ? [content] : []));
}

/** What fills a module's tables. */
function elementsOf(module: Uint8Array): ByteReader {
  return new ByteReader(readSections(module).find(({ id }) => id === ELEMENT_SECTION)!.content);
}

describe("relinkEngine()", () => {
  test("gives a component that does the same with three core instances, one memory and one table", async () => {
    const relinked = await relink();
    const [before, after] = [await observe(component), await observe(relinked)];
    expect(before.answers[0]).toMatchObject({ tag: "success" });
    expect(after.answers).toEqual(before.answers);
    expect(after.lines).toEqual(before.lines);
    expect(componentResources(relinked)).toEqual({ instances: 3, memories: 1, tables: 1 });
  });

  test("lays the memory of a component that starts late out with its first call", async () => {
    const relinked = await relink({ startsLate: true });
    const [before, after] = [await observe(component), await observe(relinked)];
    expect(after.answers).toEqual(before.answers);
    expect(after.lines).toEqual(before.lines);
    const [state] = modulesIn(relinked);
    const memories = readSections(state!).find(({ id }) => id === MEMORY_SECTION)!.content;
    // one memory, without a maximum, of no pages
    expect([...memories]).toEqual([1, 0, 0]);
  });

  test("imports clocks and what the world imports, and exports nothing but the world's", async () => {
    const { imports } = await transpileComponent(await relink());
    expect(imports.filter((name) => name !== "tenon:mcp/types")).toEqual([
      "tenon:host/log",
      "wasi:clocks/monotonic-clock",
      "wasi:clocks/wall-clock",
    ]);
  });

  test("fills the engine's table at constant places, and leaves to the glue what differs between components", async () => {
    const [, runtime, glue] = modulesIn(await relink());
    const filled = elementsOf(runtime!);
    // one segment of table 0, at `i32.const 1`
    expect([filled.u32(), filled.u32(), ...filled.take(3, "offset")]).toEqual([1, 0, 0x41, 0x01, 0x0b]);
    expect(filled.u32()).toBeGreaterThan(700);
    expect(elementsOf(glue!).u32()).toBe(2);
  });

  test("has the clocks once for a world that imports them itself", async () => {
    const own = worldSource({
      name: WORLD,
      imports: ["tenon:host/log@0.1.0", "wasi:clocks/monotonic-clock@0.2.0"],
      exports: ["tenon:mcp/provider@0.1.0"],
    });
    const { answers } = await observe(await relink({ wit: own }));
    expect(answers[0]).toMatchObject({ tag: "success" });
  });

  test.each<[string, () => Promise<Partial<Parameters<typeof relinkEngine>[0]>>, string]>([
    [
      "has no component inside",
      async () => ({ component: await parse("(component)") }),
      "no component inside",
    ],
    [
      "has other modules",
      async () => ({ component: await parse("(component (component (core module) (core module)))") }),
      "its core modules are not the ones expected",
    ],
    [
      "has another engine",
      () => Promise.resolve({ engine: Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00) }),
      "its core modules are not the ones expected",
    ],
    [
      "was made for another world",
      () =>
        Promise.resolve({
          wit: worldSource({ name: WORLD, imports: [], exports: ["tenon:mcp/provider@0.1.0"] }),
        }),
      "tenon:host/log@0.1.0",
    ],
    [
      "is cut short",
      () => Promise.resolve({ component: component.subarray(0, 100_000) }),
      "Cannot decode WebAssembly",
    ],
  ])("refuses a component that %s", async (_, change, message) => {
    await expect(relink(await change())).rejects.toThrow(message);
  });

  test("refuses a component whose modules start with code", async () => {
    const [inner] = readSections(component).filter(({ id }) => id === SECTION.component);
    const started = new ByteWriter().bytes(inner!.content.subarray(0, 8));
    let first = true;
    for (const { id, whole, content } of readSections(inner!.content)) {
      if (id !== SECTION.coreModule || !first) started.bytes(whole);
      else {
        first = false;
        const module = new ByteWriter().bytes(content.subarray(0, 8));
        for (const each of readSections(content)) {
          if (each.id === ELEMENT_SECTION || each.id === 10) module.section(8, Uint8Array.of(0));
          module.bytes(each.whole);
        }
        started.section(SECTION.coreModule, module.finish());
      }
    }
    const changed = new ByteWriter()
      .bytes(component.subarray(0, 8))
      .section(SECTION.component, started.finish());
    await expect(relink({ component: changed.finish() })).rejects.toThrow("starts with code");
  });
});
