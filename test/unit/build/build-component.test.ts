import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildComponent, type BuiltComponent } from "../../../src/build/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";
import { readManifest } from "../../../src/manifest/index.ts";
import { compileComponent } from "../../fixtures/compiled-component.ts";
import { withFreshCache } from "../../fixtures/fresh-cache.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tenon-build-"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

let projects = 0;

/** A project of its own outside this repository, with zod among its packages. Gives the path of `tool.ts`. */
async function project(
  files: Record<string, string> | string,
  folder = `project-${(projects += 1)}`,
): Promise<string> {
  const home = join(root, folder);
  await mkdir(join(home, "node_modules"), { recursive: true });
  await symlink(resolve("node_modules/zod"), join(home, "node_modules/zod"));
  for (const [path, content] of Object.entries(typeof files === "string" ? { "tool.ts": files } : files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
  return join(home, "tool.ts");
}

const PROVIDER = `export default provider({ name: "sample", version: "1.0.0", tools: [
  defineTool({ name: "echo", description: "Echoes", input: z.object({ text: z.string() }), run: ({ text }) => text }),
] });`;
const IMPORTS = `import { defineTool, provider } from "tenon";\nimport * as z from "zod";\n`;

/** The error of a build that must fail. */
async function buildError(source: string): Promise<ToolkitError> {
  const entry = await project(source);
  const error: unknown = await buildComponent({ entry }).catch((reason: unknown) => reason);
  if (!(error instanceof ToolkitError)) throw new Error(`The build gave ${String(error)}`);
  return error;
}

function digest({ bytes }: BuiltComponent): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("buildComponent()", () => {
  test("writes the manifest it returns", async () => {
    const built = await buildComponent({ entry: "components/calculator/tool.ts" });
    expect(readManifest(built.bytes)).toEqual(built.manifest);
    expect(built.manifest).toMatchObject({
      kind: "provider",
      name: "calculator",
      version: "1.0.0",
      capabilities: [],
    });
    expect(built.manifest.kind === "provider" && built.manifest.tools[0]).toEqual({
      name: "add",
      description: "Adds two numbers",
      inputSchema: {
        type: "object",
        properties: { a: { type: "number" }, b: { type: "number" } },
        required: ["a", "b"],
      },
      outputSchema: {
        type: "object",
        properties: { sum: { type: "number" } },
        required: ["sum"],
      },
    });
    expect(built.sizes.raw).toBe(built.bytes.length);
    expect(built.warnings).toEqual([]);
  });

  test.for([true, false])(
    "gives the same bytes for the same sources elsewhere (minify: %s)",
    async (minify) => {
      const files = {
        "tool.ts": `${IMPORTS}import { shout } from "./lib/index.ts";\n${PROVIDER.replace("=> text", "=> shout(text)")}`,
        "lib/index.ts": 'export function shout(text: string): string { return text + "!"; }',
      };
      const built = async (folder: string): Promise<BuiltComponent> => {
        const entry = await project(files, folder);
        return withFreshCache(() => buildComponent({ entry, minify }));
      };
      const short = await built(`a-${minify}`);
      const long = await built(`somewhere-else-${minify}/deeper/down`);
      expect(digest(long)).toBe(digest(short));
      expect(Buffer.from(long.bytes).includes(root)).toBe(false);
    },
  );

  test('takes import { z } from "zod" as it takes import * as z, without the texts of other languages', async () => {
    const [named, all] = await Promise.all(
      ["{ z }", "* as z"].map(async (clause) => {
        const entry = await project(
          // A text that is trimmed needs zod at run time.
          `import { defineTool, provider } from "tenon";\nimport ${clause} from "zod";\n${PROVIDER.replace("z.string()", "z.string().trim()")}`,
        );
        return buildComponent({ entry });
      }),
    );
    expect(digest(named!)).toBe(digest(all!));
    expect(all!.inputs.filter((path) => path.includes("/locales/"))).toEqual([
      expect.stringMatching(/\/locales\/en\.js$/) as string,
    ]);
  });

  test("keeps the code of a function and not its text", async () => {
    const entry = await project(
      `import { defineTool, provider } from "tenon";
      import * as z from "zod/mini";
      const outer = (word: string) => {
        const inner = () => ["only once in the bytes", word];
        return inner().join();
      };
      export default provider({ name: "sample", version: "1.0.0", tools: [
        defineTool({ name: "echo", description: "Echoes", input: z.object({}), run: () => outer("") + String(outer) }),
      ] });`,
    );
    const { bytes } = await buildComponent({ entry });
    expect(Buffer.from(bytes).toString("latin1").split("only once in the bytes")).toHaveLength(2);
    const { content } = (await compileComponent(bytes)).instantiate().call("echo", {});
    expect(content[0]!.text).toMatch(/^only once in the bytes,function \w*\(\) \{\s*\[native code\]\s*\}$/);
  });

  test("imports no interface that the code does not use", async () => {
    const small = `import { defineMiddleware } from "tenon";
      import { get } from "tenon:host/kv@0.1.0";
      import { authorization } from "tenon:host/credentials@0.1.0";
      export default defineMiddleware({ name: "small", version: "1.0.0", capabilities: { kv: "counts" }, handle: (request, next) => {
        void get(request.method);
        return next(request);
      } });`;
    const { imports, manifest } = await buildComponent({ entry: await project(small) });
    expect(imports).toEqual(["tenon:host/kv@0.1.0", "tenon:host/log@0.1.0", "tenon:mcp/handler@0.1.0"]);
    expect(manifest.capabilities).toEqual([{ interface: "tenon:host/kv", reason: "counts" }]);
    expect(manifest.kind === "middleware" && manifest.settingsSchema).toEqual({
      type: "object",
      properties: {},
      additionalProperties: false,
    });
  });

  test("warns of what a module does while it is loaded", async () => {
    const entry = await project(
      `${IMPORTS}console.log("loaded", 1);\nconst started = Date.now();\n${PROVIDER}\nstarted;`,
    );
    const { warnings } = await buildComponent({ entry });
    expect(warnings).toEqual([
      expect.stringMatching(
        /tool\.ts" logs while it is loaded, which only the build sees: loaded 1$/,
      ) as string,
      expect.stringMatching(
        /tool\.ts" reads the clock while it is loaded, which gives the time of the build$/,
      ) as string,
    ]);
  });

  test("refuses an entry that is not there", async () => {
    await expect(buildComponent({ entry: join(root, "nothing.ts") })).rejects.toMatchObject({
      code: "ERR_FILE",
      message: `Cannot build "${join(root, "nothing.ts")}": there is no such file`,
    });
  });
});

describe("buildComponent() names the place of", () => {
  test.for([
    ["node:fs", 'import { readFileSync } from "node:fs";'],
    ["fs", 'import { readFileSync } from "fs";'],
    ["fs/promises", 'import { readFile as readFileSync } from "fs/promises";'],
  ])("an import of %s", async ([name, line]) => {
    const error = await buildError(`${IMPORTS}${line}\n${PROVIDER}\nreadFileSync;`);
    expect(error.code).toBe("ERR_BUILD_SOURCE");
    expect(error.message).toMatch(`tool.ts": "${name}" is a module of Node, which components do not have`);
    expect(error.details[0]).toMatch(/tool\.ts:3:\d+$/);
    expect(error.details[1]).toBe(`3 | ${line}`);
    expect(error.hint).toMatch(/^Components run without Node/);
  });

  test("a syntax error", async () => {
    const error = await buildError(`${IMPORTS}const = 1;\n${PROVIDER}`);
    expect(error).toMatchObject({ code: "ERR_BUILD_SOURCE" });
    expect(error.details).toEqual([expect.stringMatching(/tool\.ts:3:7$/) as string, "3 | const = 1;"]);
  });

  test("a package that is not installed", async () => {
    const error = await buildError(`${IMPORTS}import x from "left-pad";\n${PROVIDER}\nx;`);
    expect(error.message).toContain('Could not resolve "left-pad"');
    expect(error.details[0]).toMatch(/tool\.ts:3:15$/);
  });

  test("a module of this package that is not for components", async () => {
    const error = await buildError(
      `${IMPORTS}import { buildComponent } from "tenon/build";\n${PROVIDER}\nbuildComponent;`,
    );
    expect(error).toMatchObject({ code: "ERR_BUILD_SOURCE", hint: 'Import from "tenon"' });
  });

  test("an await outside a function", async () => {
    const error = await buildError(`${IMPORTS}const x = await Promise.resolve(1);\n${PROVIDER}\nx;`);
    expect(error.code).toBe("ERR_BUILD_SOURCE");
    expect(error.details[0]).toMatch(/tool\.ts:3:11$/);
  });

  test("a host function called while the module is loaded", async () => {
    const error = await buildError(
      `${IMPORTS}import { get } from "tenon:host/config@0.1.0";\nconst unit = get("UNIT");\n${PROVIDER}\nunit;`,
    );
    expect(error.message).toMatch(
      /tenon:host\/config@0\.1\.0#get cannot be called while the module is loaded$/,
    );
    expect(error.details[0]).toMatch(/tool\.ts:4:\d+$/);
  });

  test("random numbers drawn while the module is loaded", async () => {
    const error = await buildError(`${IMPORTS}const salt = Math.random();\n${PROVIDER}\nsalt;`);
    expect(error.message).toContain("cannot be called while the module is loaded");
    expect(error.details[0]).toMatch(/tool\.ts:3:\d+$/);
  });

  test("an interface there is not", async () => {
    const error = await buildError(`${IMPORTS}import { get } from "tenon:host/kv";\n${PROVIDER}\nget;`);
    expect(error.message).toMatch(
      /Cannot import "tenon:host\/kv": the interface is "tenon:host\/kv@0\.1\.0"$/,
    );
  });

  test("a definition that is refused", async () => {
    const error = await buildError(`${IMPORTS}${PROVIDER.replace('"1.0.0"', '"one"')}`);
    expect(error.code).toBe("ERR_BUILD_DEFINITION");
    expect(error.message).toMatch(/cannot define provider "sample": its version is not a semantic version/);
    expect(error.details[0]).toMatch(/tool\.ts:3:\d+$/);
  });
});

describe("buildComponent() refuses", () => {
  test.for([
    ["no default export", "export const x = 1;", "it has no default export"],
    ["another default export", "export default { name: 'x' };", "its default export is something else"],
    [
      "arguments that are no object",
      `${IMPORTS}${PROVIDER.replace("z.object({ text: z.string() })", "z.string()")}`,
      'the input of tool "echo" does not describe an object',
    ],
    [
      "a schema without JSON Schema",
      `${IMPORTS}${PROVIDER.replace("z.string()", "z.date()")}`,
      'the input of tool "echo" has no JSON Schema: Date cannot be represented in JSON Schema',
    ],
    [
      "a schema of another library",
      `${IMPORTS}${PROVIDER.replace("z.object({ text: z.string() })", '{ "~standard": { version: 1, vendor: "x", validate: () => ({ issues: [] }) } }')}`,
      'the input of tool "echo" has no JSON Schema, as "x" gives none: describe it by withJsonSchema(schema, json)',
    ],
    [
      "a schema that refers to another document",
      `${IMPORTS}import { withJsonSchema } from "tenon";\n${PROVIDER.replace("z.object({ text: z.string() })", 'withJsonSchema(z.object({ text: z.string() }), { type: "object", properties: { text: { $ref: "https://example.com/text.json" } } })')}`,
      'the input of tool "echo" refers to "https://example.com/text.json", and only references within it (#…) can be followed',
    ],
    [
      "a schema that is too large",
      `${IMPORTS}import { withJsonSchema } from "tenon";\n${PROVIDER.replace("z.object({ text: z.string() })", 'withJsonSchema(z.object({ text: z.string() }), { type: "object", description: "x".repeat(300_000) })')}`,
      'the input of tool "echo" has 300034 characters, and 262144 are the most',
    ],
    [
      "a schema that is nested too deep",
      `${IMPORTS}import { withJsonSchema } from "tenon";\nlet json = {};\nfor (let i = 0; i < 70; i++) json = { not: json };\n${PROVIDER.replace("z.object({ text: z.string() })", 'withJsonSchema(z.object({ text: z.string() }), { type: "object", ...json })')}`,
      'the input of tool "echo" is nested deeper than 64',
    ],
    [
      "a header field for an argument that has no text",
      `${IMPORTS}${PROVIDER.replace("z.string()", 'z.number().meta({ "x-mcp-header": "Text" })')}`,
      'the input of tool "echo": "text" has x-mcp-header "Text" and the type "number", and it must be string, integer or boolean',
    ],
    [
      "arguments of a prompt that no text can be",
      `import { definePrompt, provider } from "tenon";\nimport * as z from "zod";
       export default provider({ name: "p", version: "1.0.0", prompts: [
         definePrompt({ name: "greet", arguments: z.object({ times: z.number() }), get: () => "" }) ] });`,
      'the arguments of prompt "greet" have "times" of type "number", and all that clients send are strings',
    ],
    [
      "a completion of no argument",
      `import { definePrompt, provider } from "tenon";\nimport * as z from "zod";
       export default provider({ name: "p", version: "1.0.0", prompts: [
         definePrompt({ name: "greet", arguments: z.object({ who: z.string() }), complete: { how: () => [] }, get: () => "" } as any) ] });`,
      'cannot define prompt "greet": it completes "how", and there are who',
    ],
    [
      "a requirement of a setting that there is not",
      `import { defineMiddleware } from "tenon";\nimport * as z from "zod";
       export default defineMiddleware({ name: "m", version: "1.0.0", settings: z.object({ url: z.string() }),
         requires: [{ http: "uri", for: "fetching keys" }], handle: (request, next) => next(request) });`,
      'it names the setting "uri", and there are url: correct its requires or authenticates',
    ],
    [
      "a requirement with a schema that is none",
      `import { defineMiddleware } from "tenon";
       export default defineMiddleware({ name: "m", version: "1.0.0",
         requires: [{ when: { type: "nonsense" }, principal: true, for: "x" }], handle: (request, next) => next(request) });`,
      "requires[0].when is not valid",
    ],
    [
      "a host interface that is imported and not declared",
      `${IMPORTS}import { get } from "tenon:host/kv@0.1.0";\n${PROVIDER.replace("=> text", '=> text + get("a")')}`,
      'it imports "tenon:host/kv" and does not declare it: add capabilities: { kv: "why" } to the definition',
    ],
  ])("%s", async ([, source, reason]) => {
    const error = await buildError(source!);
    expect(error.code).toBe("ERR_BUILD_DEFINITION");
    expect(error.message).toContain(reason);
  });

  test("a module that takes too long to load", async () => {
    const error = await buildError(`${IMPORTS}for (;;);\n${PROVIDER}`);
    expect(error.code).toBe("ERR_BUILD_SOURCE");
    expect(error.message).toMatch(/loading it took more than 3 seconds$/);
  });
});
