import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownSpec } from "../../src/cli/new/dependency-specs.ts";
import { ROOT, runTenon, TENON } from "../fixtures/tenon.ts";

const MINUTES = 60_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-new-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function tenonNew(...args: string[]): ReturnType<typeof runTenon> {
  return runTenon(["new", ...args], { cwd: folder });
}

function readJson(...path: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, ...path), "utf8")) as Record<string, unknown>;
}

describe.each(["tool", "middleware", "server"])("a project from the template %s", (template) => {
  test(
    "has its own name, and tests, checks and builds as it is",
    () => {
      const created = tenonNew("first-try", "--template", template);
      expect(created).toMatchObject({ code: 0, stderr: "" });
      expect(created.stdout).toContain(`Created first-try from the template "${template}"`);
      expect(created.stdout).toContain("  cd first-try\n  npm install\n  npm test\n  npm run dev\n");
      expect(readJson("first-try", "package.json").name).toBe("first-try");
      expect(readJson("first-try", "tenon.json").name).toBe("first-try");
      expect(readFileSync(join(folder, "first-try", "README.md"), "utf8")).toMatch(/^# first-try\n/);
      expect(readFileSync(join(folder, "first-try", ".gitignore"), "utf8")).toContain("node_modules");

      install(join(folder, "first-try"));
      expect(run("npm", "test")).toMatch(/# pass [1-9]\d*\n# fail 0\n/);
      run("npm", "run", "check");
      expect(run("npm", "run", "build")).toContain("first-try 1.0.0 -> dist/core.wasm");
      expect(existsSync(join(folder, "first-try", "dist", "core.wasm"))).toBe(true);
    },
    5 * MINUTES,
  );
});

/** What `npm install` would do, with what this repository has installed. */
function install(project: string): void {
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  for (const name of ["zod", "tsx", "typescript", "@types"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  symlinkSync(ROOT, join(modules, "tenon"));
  symlinkSync(TENON, join(modules, ".bin", "tenon"));
  symlinkSync(join(ROOT, "node_modules", ".bin", "tsc"), join(modules, ".bin", "tsc"));
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: join(folder, "first-try"),
    // The reporter for terminals and pipes differs between versions of Node.
    env: { ...process.env, NODE_OPTIONS: "--test-reporter=tap" },
    encoding: "utf8",
    timeout: 4 * MINUTES,
  });
  expect(`${status} ${stdout}${stderr}`).toMatch(/^0 /);
  return stdout;
}

test("tenon new --json says what a program needs to go on", () => {
  const { code, stdout } = tenonNew("my-tool", "--json");
  expect(code).toBe(0);
  const project = join(folder, "my-tool");
  expect(JSON.parse(stdout)).toEqual({
    name: "my-tool",
    template: "tool",
    folder: project,
    client: {
      mcpServers: {
        "my-tool": {
          command: "npx",
          args: ["--prefix", project, "tenon", "serve", join(project, "tenon.json"), "--stdio"],
        },
      },
    },
  });
});

test("tenon new takes an empty folder, and the one it is run in", () => {
  mkdirSync(join(folder, "my-tool"));
  const { code, stdout } = runTenon(["new", "."], { cwd: join(folder, "my-tool") });
  expect(code).toBe(0);
  expect(stdout).not.toContain("cd ");
  expect(readdirSync(join(folder, "my-tool"))).toContain("tenon.json");
});

test("tenon new writes nothing over what is there", () => {
  mkdirSync(join(folder, "taken"));
  writeFileSync(join(folder, "taken", "notes.txt"), "mine");
  writeFileSync(join(folder, "file"), "mine");
  expect(tenonNew("taken")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      'Error: Cannot create project in "taken": it has a file or folder in it\n' +
      "Hint:  Name a folder that does not exist yet, or an empty one\n[ERR_FILE]\n",
  });
  expect(readdirSync(join(folder, "taken"))).toEqual(["notes.txt"]);
  expect(tenonNew("file").stderr).toContain("there is a file of that name");
  expect(tenonNew("file/below").stderr).toContain("[ERR_FILE]");
});

test.each([
  ["My_Tool", "lower-case letters and digits", 'Write it as "my-tool"'],
  ["a".repeat(65), "a name has 1 to 64", `Write it as "${"a".repeat(64)}"`],
  ["-", "a name has 1 to 64", 'Choose one such as "my-tool"'],
  ["zod", "it depends on a package of that name", 'Try "my-zod"'],
  ["tenon", "it depends on a package of that name", 'Try "my-tenon"'],
  ["http", "a module of Node has that name", 'Try "my-http"'],
])('tenon new "%s" is refused', (name, state, hint) => {
  const { code, stderr } = tenonNew(`./${name}`);
  expect(code).toBe(2);
  expect(stderr).toContain(`Cannot name a project "${name}": `);
  expect(stderr).toContain(state);
  expect(stderr).toContain(hint);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  [["x", "--template", "sever"], 'there is no template "sever"', 'Did you mean "server"?'],
  [["x", "--template", "zzz"], 'there is no template "zzz"', "There are tool, middleware, server"],
  [[], "no folder is given", "--help"],
  [["a", "b"], '"b" is one argument too many', "--help"],
])("tenon new %j is wrong usage", (args, state, hint) => {
  const { code, stderr } = tenonNew(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(state);
  expect(stderr).toContain(hint);
});

/** Where npm would have put this package, and what it notes of where it came from. */
function installedFrom(resolved: string): string {
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  const packages = { "node_modules/tenon": { resolved } };
  writeFileSync(join(modules, ".package-lock.json"), JSON.stringify({ packages }));
  return join(modules, "tenon");
}

describe("ownSpec()", () => {
  test("names the version that a registry has", () => {
    const root = installedFrom("https://registry.npmjs.org/tenon/-/tenon-1.2.3.tgz");
    expect(ownSpec(root, "1.2.3")).toBe("^1.2.3");
  });

  test("names the tarball it was installed from while that is there", () => {
    const root = installedFrom("file:packed/tenon-1.2.3.tgz");
    expect(ownSpec(root, "1.2.3")).toBe("^1.2.3");
    mkdirSync(join(folder, "packed"));
    writeFileSync(join(folder, "packed", "tenon-1.2.3.tgz"), "");
    expect(ownSpec(root, "1.2.3")).toBe(`file:${join(folder, "packed", "tenon-1.2.3.tgz")}`);
  });

  test("names the folder of a checkout, and the version where nothing is known", () => {
    expect(ownSpec(join(folder, "checkout"), "1.2.3")).toBe(`file:${join(folder, "checkout")}`);
    expect(ownSpec(join(folder, "node_modules", "tenon"), "1.2.3")).toBe("^1.2.3");
  });
});
