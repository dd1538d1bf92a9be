import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Running } from "../fixtures/running-program.ts";
import { ROOT, runTenon, startCommand } from "../fixtures/tenon.ts";

let folder: string;
let running: Running;

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-dev-"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "src"));
});
afterEach(async () => {
  await running.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a file as many editors do: whole, under another name, then renamed. */
function save(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.tmp`), text);
  renameSync(join(folder, `${name}.tmp`), join(folder, name));
}

const tool = (greeting: string): string => `import { defineTool, provider } from "tenon";
import * as z from "zod/mini";
import { name } from "./name.ts";

const greet = defineTool({
  name: "greet",
  description: "Greets",
  input: z.object({}),
  run: () => ${greeting},
});

export default provider({ name: "greeter", version: "1.0.0", tools: [greet] });
`;

function saveProject(version: string): void {
  const project = { name: "demo", version, access: "public", providers: { greeter: "./src/greeter.ts" } };
  save("tenon.json", JSON.stringify(project, null, 2));
}

function greet(url: string): string {
  const { stdout, stderr } = runTenon(["call", url, "greet"]);
  return `${stdout}${stderr}`.trim();
}

test("tenon dev serves each change, and the last good core while a change does not build", async () => {
  save("src/name.ts", 'export const name = "Ada";\n');
  save("src/greeter.ts", tool("`Hello, ${name}!`"));
  saveProject("1.0.0");
  running = startCommand(["dev", folder, "--port", "0"]);
  const [, url, first] = await running.until(/listening on (\S+) \(core (sha256:[0-9a-f]{64}), 1 tool\)/);
  expect(greet(url!)).toBe("Hello, Ada!");

  save("src/greeter.ts", tool("`Good morning, ${name}!`"));
  const [, second] = await running.until(/rebuilt greeter in \d+ ms \(core (sha256:[0-9a-f]{64})\)/);
  expect(second).not.toBe(first);
  expect(greet(url!)).toBe("Good morning, Ada!");

  // A module that another one imports.
  save("src/name.ts", 'export const name = "Grace";\n');
  await running.until(/rebuilt greeter in/);
  expect(greet(url!)).toBe("Good morning, Grace!");

  save("src/greeter.ts", tool("`Good morning, ${name}!"));
  await running.until(/Error: Cannot build ".*src\/greeter\.ts": Unterminated string literal/);
  await running.until(/greeter\.ts:\d+:\d+\n/);
  await running.until(/still serving core sha256:[0-9a-f]{64}; waiting for a change/);
  expect(greet(url!)).toBe("Good morning, Grace!");

  // What mends it is a file that no build has read yet.
  save("src/greeter.ts", tool("`Good evening, ${name}!`").replace("./name.ts", "./other-name.ts"));
  await running.until(/Could not resolve "\.\/other-name\.ts"/);
  await running.until(/waiting for a change/);
  save("src/other-name.ts", 'export const name = "Emmy";\n');
  await running.until(/rebuilt greeter in/);
  expect(greet(url!)).toBe("Good evening, Emmy!");

  saveProject("2.0");
  await running.until(/tenon\.json": "version" must match/);
  await running.until(/tenon\.json:3:3\n/);
  saveProject("2.0.0");
  await running.until(/composed again in \d+ ms/);
  expect(greet(url!)).toBe("Good evening, Emmy!");

  expect(await running.stop("SIGINT")).toBe(0);
}, 240_000);

test("tenon dev waits for a project that does not build at first", async () => {
  save("src/name.ts", 'export const name = "Ada";\n');
  save("src/greeter.ts", tool("undefinedName"));
  save("tenon.json", "{}");
  running = startCommand(["dev", folder, "--port", "0"]);
  await running.until(/missing key "name"[^]*nothing is served yet; waiting for a change/);
  saveProject("1.0.0");
  await running.until(/listening on /);
  expect(await running.stop("SIGTERM")).toBe(0);
}, 240_000);

test("tenon dev without a tenon.json ends at once and says so", async () => {
  running = startCommand(["dev", folder]);
  await running.until(/Error: Cannot read configuration ".*tenon\.json": there is no such file\n/);
  expect(await running.ended()).toBe(1);
});
