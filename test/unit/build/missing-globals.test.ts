import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";
import { compileComponent } from "../../fixtures/compiled-component.ts";

let root: string;
let projects = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tenon-globals-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

const HEAD = `import { defineTool, provider } from "tenon";\nimport * as z from "zod";\n`;

/** A module with one tool whose result is an expression. */
function tool(expression: string, before = ""): string {
  return `${HEAD}${before}
export default provider({ name: "sample", version: "1.0.0", tools: [
  defineTool({ name: "get", description: "Gets", input: z.object({}), run: () => String(${expression}) }),
] });\n`;
}

async function project(files: Record<string, string>): Promise<string> {
  const home = join(root, String((projects += 1)));
  await mkdir(join(home, "node_modules"), { recursive: true });
  await symlink(resolve("node_modules/zod"), join(home, "node_modules/zod"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
  return join(home, "tool.ts");
}

async function errorOf(files: Record<string, string>, allowMissing: string[] = []): Promise<ToolkitError> {
  const entry = await project(files);
  const error: unknown = await buildComponent({ entry, allowMissing }).catch((reason: unknown) => reason);
  if (!(error instanceof ToolkitError)) throw new Error(`The build gave ${String(error)}`);
  // Paths relative to the project, whose folder has another name each time.
  const details = error.details.map((line) => line.replaceAll(`${dirname(entry)}/`, ""));
  return Object.assign(error, { details });
}

/** What the one tool of a project gives in a guest. */
async function result(files: Record<string, string>, allowMissing: string[] = []): Promise<string> {
  const { bytes } = await buildComponent({ entry: await project(files), allowMissing });
  const instance = (await compileComponent(bytes)).instantiate();
  return instance.call("get", {}).content[0]!.text;
}

describe("a global that components do not have fails the build", () => {
  test("with the name, the place, the line and what to use instead", async () => {
    const error = await errorOf({
      "tool.ts": tool("encode('a')", "const encode = (text: string) =>\n  Buffer.from(text).length;"),
    });
    expect(error.code).toBe("ERR_BUILD_SOURCE");
    expect(error.message).toMatch(/tool\.ts": components do not have "Buffer"$/);
    expect(error.details).toEqual(["tool.ts:4:3", "4 |   Buffer.from(text).length;"]);
    expect(error.hint).toMatch(/^Use Uint8Array: .* tenon build --allow-missing Buffer$/);
  });

  test.for([
    ["process.env.HOME", "process", /ctx\.config/],
    ["__dirname", "__dirname", /no files/],
    ["window.name", "window", /globalThis/],
    ["document.title", "document", /no page/],
    ["new Intl.NumberFormat('de')", "Intl", /own tables/],
    ["new WebAssembly.Module(new Uint8Array())", "WebAssembly", /in JavaScript/],
    ["new XMLHttpRequest()", "XMLHttpRequest", /fetch/],
    ["setImmediate(() => {})", "setImmediate", /queueMicrotask/],
    ["new Worker('x')", "Worker", /one thread/],
    ["localStorage.length", "localStorage", /ctx\.kv/],
    ["navigator.userAgent", "navigator", /outside a browser/],
    ["new ReadableStream()", "ReadableStream", /text\(\)/],
    ["require(String(Math.random()))", "require", /import/],
  ] as const)("%s", async ([expression, name, hint]) => {
    const error = await errorOf({ "tool.ts": tool(`${expression} as unknown`) });
    expect(error.message).toMatch(`components do not have "${name}"`);
    expect(error.details[0]).toMatch(/^tool\.ts:5:\d+$/);
    expect(error.hint).toMatch(hint);
  });

  test("at each of its places, five at most", async () => {
    const lines = Array.from(
      { length: 7 },
      (_, i) => `export const f${i} = () => ${i % 2 ? "process" : "window"}.x;`,
    );
    const { details } = await errorOf({
      "tool.ts": tool("[f0, f1, f2, f3, f4, f5, f6]", lines.join("\n")),
    });
    expect(details.filter((line) => /^tool\.ts:\d+:\d+$/.test(line))).toHaveLength(5);
    expect(details[2]).toBe('nor "process"');
    expect(details.at(-1)).toBe("and 2 more uses");
  });

  test("inside a package, with the chain of modules that import it", async () => {
    const { message, details } = await errorOf({
      "tool.ts": tool("shout('a')", 'import { shout } from "./lib/shout.ts";'),
      "lib/shout.ts": 'export { shout } from "loud";',
      "node_modules/loud/package.json": '{ "name": "loud", "type": "module", "main": "index.js" }',
      "node_modules/loud/index.js": 'export { shout } from "./impl.js";',
      "node_modules/loud/impl.js": "export const shout = (text) =>\n  text + navigator.language;",
    });
    expect(message).toMatch('components do not have "navigator"');
    expect(details).toEqual([
      "node_modules/loud/impl.js:2:10",
      "2 |   text + navigator.language;",
      "imported by node_modules/loud/index.js, by lib/shout.ts, by tool.ts",
    ]);
  });

  test("also where the module is loaded, before that fails", async () => {
    const { message, details } = await errorOf({ "tool.ts": tool("home", "const home = process.env.HOME;") });
    expect(message).toMatch('components do not have "process"');
    expect(details[0]).toBe("tool.ts:3:14");
  });
});

describe("a global is no error", () => {
  // One module each, for a question counts for the module it is in.
  const cases: readonly [title: string, module: string, expected: string][] = [
    ["in a conditional", "export default typeof Buffer === 'undefined' ? 'none' : Buffer.from('a');", "none"],
    ["as a property of globalThis", "export default typeof globalThis.Buffer;", "undefined"],
    [
      "after a question to globalThis",
      "export default globalThis.Buffer ? Buffer.from('a') : 'none';",
      "none",
    ],
    ["after a question with in", "export default 'process' in globalThis ? process.pid : 'none';", "none"],
    ["when only typeof is asked", "export default typeof process;", "undefined"],
    [
      "in a module that asks for the browser",
      "export default typeof window === 'undefined' ? 'none' : document.title;",
      "none",
    ],
    [
      "when it is another thing of that name",
      "const process = { pid: 7 }; const f = (Buffer) => Buffer * process.pid; export default f(6);",
      "42",
    ],
    [
      "in code that is never reached",
      'if (process.env.NODE_ENV !== "production") process.exit(); export default 1;',
      "1",
    ],
    ["in code that nothing uses", "export function unused() { return window; } export default 1;", "1"],
    ["in text", "export default 'Buffer, ' + JSON.stringify({ process: 1 });", 'Buffer, {"process":1}'],
    [
      "when it is allowed; a read is then a ReferenceError with its name",
      "let out; try { out = localStorage; } catch (error) { out = String(error); } export default out + typeof localStorage;",
      "ReferenceError: localStorage is not definedundefined",
    ],
    [
      "in a universal module that reaches for the global object",
      'import { nine } from "universal"; export default nine;',
      "9",
    ],
    [
      "when a package asks window && window.parseInt, as some do",
      'import { parse } from "careless"; export default parse("0x10", 16);',
      "16",
    ],
    [
      "when a package tries a module of Node and does without",
      'import { size } from "maybe"; export default size();',
      "none",
    ],
  ];
  let results: string[];

  beforeAll(async () => {
    const files = {
      "tool.ts": tool(
        `JSON.stringify([${cases.map((_, i) => `m${i}`).join(", ")}].map(String))`,
        cases.map((_, i) => `import m${i} from "./m${i}.js";`).join("\n"),
      ),
      ...Object.fromEntries(cases.map(([, module], i) => [`m${i}.js`, module])),
      "node_modules/universal/package.json": '{ "name": "universal", "main": "index.js" }',
      "node_modules/universal/index.js":
        "!function(t,e){typeof exports=='object'?e(exports):e((t=typeof globalThis=='undefined'?t||self:globalThis).u={})}(this,function(x){x.nine=9});",
      "node_modules/careless/package.json": '{ "name": "careless", "type": "module", "main": "index.js" }',
      "node_modules/careless/index.js":
        "export function parse(text, base) { if (parseInt) return parseInt(text, base); else if (window && window.parseInt) return window.parseInt(text, base); }",
      "node_modules/maybe/package.json": '{ "name": "maybe", "main": "index.js" }',
      "node_modules/maybe/index.js":
        "let os; try { os = require('os'); } catch {}\nexports.size = () => os ? 1 : 'none';",
    };
    results = JSON.parse(await result(files, ["localStorage"])) as string[];
  });

  test.for(cases.map(([title, , expected], i) => [title, expected, i] as const))(
    "%s",
    ([, expected, index]) => {
      expect(results[index]).toBe(expected);
    },
  );
});

test("a slip in a name that is allowed is an error", async () => {
  await expect(errorOf({ "tool.ts": tool("1") }, ["Bufer"])).resolves.toMatchObject({
    code: "ERR_USAGE",
    message: 'Cannot allow "Bufer" to be missing: no build asks for a global of that name',
    hint: 'Did you mean "Buffer"?',
  });
});

test("a module of Node inside a package is an error with the chain of modules that import it", async () => {
  const { message, details } = await errorOf({
    "tool.ts": tool("read('a')", 'import { read } from "reader";'),
    "node_modules/reader/package.json": '{ "name": "reader", "type": "module", "main": "index.js" }',
    "node_modules/reader/index.js": 'export { read } from "./impl.js";',
    "node_modules/reader/impl.js":
      'import { readFileSync } from "node:fs";\nexport const read = readFileSync;',
  });
  expect(message).toMatch('"node:fs" is a module of Node, which components do not have');
  expect(details).toEqual([
    "node_modules/reader/impl.js:1:30",
    '1 | import { readFileSync } from "node:fs";',
    "imported by node_modules/reader/index.js, by tool.ts",
  ]);
});

test("of the builds of a package the one for workers or browsers is taken", async () => {
  const files = {
    "tool.ts": tool("[a, b, c]", 'import { a } from "exported"; import { b, c } from "mapped";'),
    "node_modules/exported/package.json":
      '{ "name": "exported", "type": "module", "exports": { "node": "./node.js", "worker": "./a.js", "default": "./node.js" } }',
    "node_modules/exported/a.js": "export const a = 'worker';",
    "node_modules/exported/node.js": 'import "node:fs";',
    "node_modules/mapped/package.json":
      '{ "name": "mapped", "main": "index.js", "browser": { "fs": false, "./b.js": "./browser.js" } }',
    "node_modules/mapped/index.js":
      "exports.b = require('./b.js').b; exports.c = typeof require('fs').readFileSync;",
    "node_modules/mapped/browser.js": "exports.b = 'browser';",
  };
  expect(await result(files)).toBe("worker,browser,undefined");
});
