import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTenon, startTenon, type Serving } from "../fixtures/tenon.ts";

const KEY = "suite-0123456789abcdefghij";
const folder = mkdtempSync(join(tmpdir(), "tenon-authorization-"));
const project = {
  name: "sums",
  version: "1.0.0",
  access: "authenticated",
  providers: { calculator: "calculator" },
  middleware: [
    { use: "access-log" },
    {
      use: "auth-api-key",
      config: { keys: [{ id: "suite", sha256: createHash("sha256").update(KEY).digest("hex") }] },
    },
  ],
  roles: { analyst: ["sums:read"] },
  rules: { add: "principal.subject == 'suite' && arguments.a < 10" },
};
let server: Serving;

function write(name: string, value: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value, null, 2));
  return path;
}

function call(args: string, env: NodeJS.ProcessEnv = {}, ...options: string[]) {
  return runTenon(["call", server.url, "add", args, ...options], { env });
}

beforeAll(async () => {
  server = await startTenon(write("tenon.json", project));
  writeFileSync(join(folder, "key"), `${KEY}\n`);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

test("tenon call sends a token from a variable or a file", () => {
  const args = '{"a":2,"b":3}';
  const answers = [
    call(args, { SUITE_KEY: KEY }, "--token", "env:SUITE_KEY"),
    call(args, {}, "--token", `file:${join(folder, "key")}`),
  ];
  expect(answers.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, '{"sum":5}\n'],
    [0, '{"sum":5}\n'],
  ]);
});

test("tenon call says what to do where a token is wanted, or is not valid", () => {
  const answers = [call("{}"), call("{}", { SUITE_KEY: `${KEY}x` }, "--token", "env:SUITE_KEY")];
  for (const { code, stderr } of answers) {
    expect(code).toBe(1);
    expect(stderr).toContain('the server answered "Authentication is required" (-31401)');
    expect(stderr).toContain("--token env:NAME");
    expect(stderr).not.toContain(KEY);
  }
});

test("a rule of tenon.json is asked before the tool", () => {
  const { code, stderr } = call('{"a":10,"b":3}', { SUITE_KEY: KEY }, "--token", "env:SUITE_KEY");
  expect(code).toBe(1);
  expect(stderr).toContain('the server answered "This caller may not do this" (-31403)');
});

test("a mistake in a rule or a role is shown with its line", () => {
  const wrong = write("wrong.json", { ...project, rules: { add: "principal.name == 'suite'" } });
  const composed = runTenon(["compose", wrong, "-o", join(folder, "core.wasm")]);
  expect(composed.code).toBe(1);
  expect(composed.stderr).toContain('Cannot use the rule of tool "add": there is no "principal.name"');
  expect(composed.stderr).toMatch(/wrong\.json:\d+:\d+/);
  const spaced = write("spaced.json", { ...project, roles: { analyst: ["a b"] } });
  const refused = runTenon(["compose", spaced, "-o", join(folder, "core.wasm")]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/spaced\.json:\d+:\d+/);
});
