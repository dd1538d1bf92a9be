import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentEmbed, componentNew } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";
import { worldSource } from "../../../src/wit/index.ts";

const folder = fileURLToPath(new URL("../../../wit", import.meta.url));
const files = [folder, join(folder, "deps", "host")].flatMap((each) =>
  readdirSync(each)
    .filter((name) => name.endsWith(".wit"))
    .map((name) => join(each, name)),
);

const worlds = {
  "provider-component": {
    imports: [
      "tenon:mcp/outbox@0.1.0",
      "tenon:mcp/catalog@0.1.0",
      "tenon:mcp/crypto@0.1.0",
      ...hostInterfaces(["credentials"]),
    ],
    exports: ["tenon:mcp/provider@0.1.0"],
  },
  "middleware-component": {
    imports: [
      "tenon:mcp/handler@0.1.0",
      "tenon:mcp/outbox@0.1.0",
      "tenon:mcp/catalog@0.1.0",
      "tenon:mcp/crypto@0.1.0",
      "tenon:mcp/audit@0.1.0",
      ...hostInterfaces([]),
    ],
    exports: ["tenon:mcp/handler@0.1.0"],
  },
  core: {
    imports: ["tenon:mcp/outbox@0.1.0", ...hostInterfaces([])],
    exports: ["tenon:mcp/handler@0.1.0", "tenon:mcp/catalog@0.1.0"],
  },
};

function hostInterfaces(without: readonly string[]): string[] {
  const names = ["http", "kv", "config", "secrets", "log", "credentials"];
  return names.filter((name) => !without.includes(name)).map((name) => `tenon:host/${name}@0.1.0`);
}

test.each(Object.entries(worlds))(
  "wasm-tools makes a component of the interfaces of world %s",
  async (name, world) => {
    const witSource = worldSource({ name: "probe", ...world });
    const embedded = await componentEmbed({ witSource, world: "probe", dummy: true });
    await expect(componentNew(embedded, [])).resolves.toBeInstanceOf(Uint8Array);
    const declared = readFileSync(join(folder, "worlds.wit"), "utf8")
      .split(`world ${name} {`)[1]!
      .split("}")[0]!;
    const items = [...declared.matchAll(/^ +(import|export) ([^;]+);$/gm)].map(
      ([, kind, item]) => `${kind} ${item}`,
    );
    const expected = [
      ...world.imports.map((item) => `import ${item}`),
      ...world.exports.map((item) => `export ${item}`),
    ];
    expect(
      items.map((item) => item.replace(/ (.+)$/, (_, target: string) => ` ${fullName(target)}`)).sort(),
    ).toEqual(expected.sort());
  },
);

test("every item of the contract has a doc comment", () => {
  const undocumented = files.flatMap((file) => {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines
      .map((line, i) => ({
        line,
        place: `${file.slice(folder.length + 1)}:${i + 1}`,
        above: commentAbove(lines, i),
      }))
      .filter(({ line, above }) => isDeclaration(line) && !above.startsWith("///"))
      .map(({ place, line }) => `${place} ${line.trim()}`);
  });
  expect(files.length).toBeGreaterThan(10);
  expect(undocumented).toEqual([]);
});

function fullName(item: string): string {
  return item.includes(":") ? item : `tenon:mcp/${item}@0.1.0`;
}

function isDeclaration(line: string): boolean {
  if (/^\s*(?:\/\/|@|package |use |import |export |$|\})/.test(line)) return false;
  return /^\s*(?:interface|world|record|variant|enum|type|%?[a-z][a-z0-9-]*)\b.*[{,;(]$/.test(line);
}

/** The line above a declaration, past its `@since` gate. */
function commentAbove(lines: readonly string[], index: number): string {
  const above = lines[index - 1]?.trim() ?? "";
  return above.startsWith("@since") ? commentAbove(lines, index - 1) : above;
}
