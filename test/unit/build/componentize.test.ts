import { beforeAll, describe, expect, test } from "vitest";
import { componentize } from "../../../src/build/componentize.ts";
import { reproducibleEngine } from "../../../src/build/engine-runtime.ts";
import { runToolchain } from "../../../src/build/world-glue.ts";
import { ByteReader, componentResources, readSections, SECTION } from "../../../src/wasm/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import { wasm, type Core } from "../../fixtures/run-component.ts";
import { transpileComponent } from "../../fixtures/transpile-component.ts";

const MEMORY_SECTION = 5;
const ELEMENT_SECTION = 9;
const CLOCKS = "wasi:clocks/";
/** Up to there nothing changes behind the stack. */
const CONSTANTS = 380_000;

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

const WORLD = "loaded";
const wit = worldSource({
  name: WORLD,
  imports: ["tenon:host/log@0.1.0"],
  exports: ["tenon:mcp/provider@0.1.0"],
});
let component: Uint8Array;

beforeAll(async () => {
  component = await make();
}, 120_000);

function make(changed: Partial<Parameters<typeof componentize>[0]> = {}): Promise<Uint8Array> {
  return componentize({ code: SOURCE, wit, world: WORLD, ...changed });
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
    "wasi:clocks/monotonic-clock": {
      now: () => 2_000_000_000n,
      subscribeDuration: unexpected,
      subscribeInstant: unexpected,
      resolution: unexpected,
    },
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

describe("componentize()", () => {
  test("does what the toolchain's component does, with three core instances, one memory and one table", async () => {
    const engine = (await reproducibleEngine())!;
    const theirs = await runToolchain({ runtimeBytes: engine }, { code: SOURCE, wit, world: WORLD });
    const [before, after] = [await observe(theirs), await observe(component)];
    expect(before.answers[0]).toMatchObject({ tag: "success" });
    expect(after.answers).toEqual(before.answers);
    expect(after.lines).toEqual(before.lines);
    expect(componentResources(component)).toEqual({ instances: 3, memories: 1, tables: 1 });
  });

  test("gives the same bytes each time, for code that leaves no trace of the time", async () => {
    const code = SOURCE.replace("Date.now()", "1");
    const [one, other] = [await make({ code }), await make({ code })];
    expect(Buffer.compare(one, other)).toBe(0);
  });

  test("lays the memory of a component that starts late out with its first call", async () => {
    const late = await make({ startsLate: true });
    const [before, after] = [await observe(component), await observe(late)];
    expect(after.answers).toEqual(before.answers);
    expect(after.lines).toEqual(before.lines);
    const [state] = modulesIn(late);
    const memories = readSections(state!).find(({ id }) => id === MEMORY_SECTION)!.content;
    // one memory, without a maximum, of no pages
    expect([...memories]).toEqual([1, 0, 0]);
  });

  test("imports clocks and what the world imports, and exports nothing but the world's", async () => {
    const { imports } = await transpileComponent(component);
    expect(imports.filter((name) => name !== "tenon:mcp/types")).toEqual([
      "tenon:host/log",
      "wasi:clocks/monotonic-clock",
      "wasi:clocks/wall-clock",
    ]);
  });

  test("has one engine in all components, and leaves to the glue what differs between them", async () => {
    const other = await make({
      code: 'export const provider = { handle: () => ({ tag: "success", val: "1" }) };',
      wit: worldSource({ name: WORLD, imports: [], exports: ["tenon:mcp/provider@0.1.0"] }),
    });
    const [[, engine, glue], [, otherEngine]] = [modulesIn(component), modulesIn(other)];
    expect(Buffer.compare(engine!, otherEngine!)).toBe(0);
    const filled = elementsOf(engine!);
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
    const { answers } = await observe(await make({ wit: own }));
    expect(answers[0]).toMatchObject({ tag: "success" });
  });

  test("has a call that recurses too deeply end in a trap, before it writes to what lies behind the stack", async () => {
    const places = Array.from({ length: 200 }, (_, i) => `v${i}`);
    const code = `
export function go(depth) {
  let ${places.map((name) => `${name} = depth`).join(", ")};
  return depth === 0 ? 0 : go(depth - 1) + ${places.join(" * 0 + ")} * 0 + 1;
}`;
    const [state, engine, glue] = modulesIn(
      await make({
        code,
        wit: "package a:b; world deep { export go: func(depth: u32) -> u32; }",
        world: "deep",
      }),
    ).map((bytes) => new wasm.Module(bytes));
    const states = new wasm.Instance(state!).exports;
    const clocks = {
      [`${CLOCKS}monotonic-clock@0.2.0`]: () => 0n,
      [`${CLOCKS}wall-clock@0.2.0`]: unexpected,
    };
    const engines = new wasm.Instance(engine!, { state: states, clocks }).exports;
    const { go } = new wasm.Instance(glue!, { state: states, engine: engines }).exports as {
      go: (depth: number) => number;
    };
    const valueOf = (name: string): number => (states[name] as { value: number }).value;
    const constants = (): Uint8Array => {
      const { buffer } = states["memory"] as { buffer: ArrayBuffer };
      return new Uint8Array(buffer.slice(valueOf("engine:__memory_base"), CONSTANTS));
    };
    const before = constants();
    expect(valueOf("engine:__memory_base")).toBe(valueOf("__stack_pointer"));
    expect(go(50)).toBe(50);
    expect(() => go(100_000)).toThrow("memory access out of bounds");
    expect(Buffer.compare(constants(), before)).toBe(0);
  });

  test.each<[string, string, string]>([
    ["does not parse", "export const = 1;", "variable name expected"],
    ["throws", 'throw new TypeError("no such table");', "no such table"],
    ["throws no error", 'throw "nothing";', "nothing"],
    [
      "recurses too deeply",
      "const f = (n) => [n].map((x) => f(x + 1)); f(0);",
      "loading it recurses too deeply",
    ],
    [
      "nests too deeply",
      `const a = ${"[".repeat(100_000)}${"]".repeat(100_000)};`,
      "loading it recurses too deeply",
    ],
    [
      "calls a function of the world",
      `${SOURCE} write({ level: "info", message: "", fields: "" });`,
      "write of tenon:host/log@0.1.0 is called while the module is loaded",
    ],
    [
      "imports what is not in the world",
      'import { get } from "tenon:host/kv@0.1.0"; get("a");',
      "tenon:host/kv@0.1.0",
    ],
  ])("refuses a module that %s", async (_, code, message) => {
    await expect(make({ code })).rejects.toMatchObject({
      code: "ERR_BUILD_ENGINE",
      message: expect.stringMatching(new RegExp(`^Cannot make a component: .*${message}`)) as string,
    });
  });

  test("makes the next component after one that was refused", async () => {
    await expect(make({ code: "const f = () => [f()]; f();" })).rejects.toThrow("recurses too deeply");
    expect(
      Buffer.compare(
        (await make({ code: SOURCE.replace("Date.now()", "1") })).subarray(0, 8),
        component.subarray(0, 8),
      ),
    ).toBe(0);
  });

  test("refuses a world that is none", async () => {
    await expect(make({ wit: "package a:b; world {" })).rejects.toMatchObject({ code: "ERR_BUILD_ENGINE" });
  });
});
