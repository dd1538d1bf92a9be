import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, runTenon } from "../fixtures/tenon.ts";

const SOURCE = `import dayjs from "dayjs";
import { defineTool, provider } from "tenon";
import { weekday } from "./lib/weekday.ts";

const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "test",
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => ({ type: "object" }), output: () => ({ type: "object" }) },
  },
};
const day = defineTool({ name: "day", description: "Says the day", input: schema, run: () => weekday(dayjs(0)) });

export default provider({ name: "when", version: "1.0.0", tools: [day] });
`;
const WEEKDAY = `export function weekday(at: { format(as: string): string }): string {
  return at.format("dddd");
}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-same-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the same project, with its npm dependency, and builds, composes and bundles it with an empty cache. */
function make(...place: string[]): Record<string, string> {
  const home = join(folder, ...place);
  mkdirSync(join(home, "src", "lib"), { recursive: true });
  mkdirSync(join(home, "node_modules"));
  cpSync(join(ROOT, "node_modules", "dayjs"), join(home, "node_modules", "dayjs"), { recursive: true });
  symlinkSync(ROOT, join(home, "node_modules", "tenon"));
  writeFileSync(join(home, "src", "when.ts"), SOURCE);
  writeFileSync(join(home, "src", "lib", "weekday.ts"), WEEKDAY);
  const providers = { when: "./src/when.ts" };
  const project = { name: "same", version: "1.0.0", access: "public", providers };
  writeFileSync(join(home, "tenon.json"), JSON.stringify(project));
  const env = { TENON_CACHE_DIR: join(home, "cache") };
  const runs = [
    ["build", "src/when.ts", "-o", "when.wasm"],
    ["compose", "-o", "core.wasm"],
    ["bundle", "core.wasm", "--host", "wasmtime", "-o", "bundle"],
  ];
  for (const args of runs) expect(runTenon(args, { cwd: home, env })).toMatchObject({ code: 0 });
  const files = ["when.wasm", "core.wasm", join("bundle", "server.wasm")];
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash("sha256")
        .update(readFileSync(join(home, file)))
        .digest("hex"),
    ]),
  );
}

test("the same sources give the same component, core and bundle at any path, without what a cache keeps", () => {
  expect(make("one")).toEqual(make("another", "much", "deeper", "place"));
}, 180_000);
