import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ToolkitError } from "../../../src/errors/index.ts";
import { composeProject } from "../../../src/project/index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenon-project-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The error of composing a project, with the file's path as `tenon.json`. */
async function failure(
  change: object,
): Promise<{ code: string; message: string; hint: unknown; details: string[] }> {
  const path = join(folder, "tenon.json");
  const project = { name: "demo", version: "1.0.0", access: "public", ...change };
  writeFileSync(path, JSON.stringify(project, null, 2));
  const error: unknown = await composeProject(path).catch((reason: unknown) => reason);
  if (!(error instanceof ToolkitError)) throw error;
  const { code, message, hint, details } = error;
  return { code, message, hint, details: details.map((line) => line.replace(path, "tenon.json")) };
}

test("a component file that is not there points at its entry", async () => {
  expect(await failure({ providers: { calculator: "./parts/calculator.wasm" } })).toEqual({
    code: "ERR_FILE",
    message: 'Cannot load component "./parts/calculator.wasm": there is no such file',
    hint: 'Build it first with "tenon build", or name its TypeScript source here',
    details: ["tenon.json:6:5", '6 |     "calculator": "./parts/calculator.wasm"'],
  });
});

test("a source that is not there points at its entry", async () => {
  const { code, message, details } = await failure({ providers: { calculator: "./src/calculator.ts" } });
  expect(code).toBe("ERR_FILE");
  expect(message).toMatch(/calculator\.ts": there is no such file$/);
  expect(details).toEqual(["tenon.json:6:5", '6 |     "calculator": "./src/calculator.ts"']);
});

test("a source that does not compile says where, and only there", async () => {
  const source = join(folder, "broken.ts");
  writeFileSync(source, "export default {;\n");
  const { code, details } = await failure({ providers: { broken: "./broken.ts" } });
  expect(code).toBe("ERR_BUILD_SOURCE");
  expect(details[0]).toMatch(/broken\.ts:1:17$/);
  expect(details.join()).not.toContain("tenon.json");
});

test("an unknown bare name suggests the ready-made component it is close to", async () => {
  const { message, hint, details } = await failure({
    providers: { calculator: "calculator" },
    middleware: [{ use: "acess-log" }],
  });
  expect(message).toBe('Cannot load component "acess-log": there is no ready-made one of that name');
  expect(hint).toBe('Did you mean "access-log"?');
  expect(details).toEqual(["tenon.json:10:7", '10 |       "use": "acess-log"']);
});

test("what is no reference into a registry, and starts like one, points at its entry", async () => {
  const { code, message, details } = await failure({
    providers: { a: "oci://registry.example/a@sha256:00" },
  });
  expect(code).toBe("ERR_OCI_REFERENCE");
  expect(message).toContain('what follows "@" is not sha256: and 64 hex digits');
  expect(details).toEqual(["tenon.json:6:5", '6 |     "a": "oci://registry.example/a@sha256:00"']);
});

test("a server is described by its tenon.json, and the schema is no part of it", async () => {
  const about = {
    title: "Demo",
    description: "Shows what there is",
    websiteUrl: "https://demo.example/",
    icons: [{ src: "https://demo.example/icon.png", sizes: ["any"] }],
    instructions: "Add before you multiply.",
  };
  const path = join(folder, "tenon.json");
  const file = { $schema: "x", name: "demo", version: "1.0.0", access: "public", ...about };
  writeFileSync(path, JSON.stringify({ ...file, providers: { calculator: "calculator" } }));
  const { manifest } = await composeProject(path);
  expect(manifest).toMatchObject(about);
  expect(manifest).not.toHaveProperty("$schema");
});

test.each([
  [
    { icons: [{ src: "javascript:alert(1)" }] },
    '"icons[0].src" must match "An http or https URL, or a data URL',
  ],
  [
    { websiteUrl: "ftp://demo.example" },
    '"websiteUrl" must match "An http or https URL", got "ftp://demo.example"',
  ],
  [{ instruction: "x" }, 'unknown key "instruction", did you mean "instructions"?'],
])("a description with %j is refused", async (change, message) => {
  const { code, message: actual } = await failure({ providers: { calculator: "calculator" }, ...change });
  expect(code).toBe("ERR_CONFIG");
  expect(actual).toContain(message);
});

test("a rule of trust that is for none of the components points at the rule", async () => {
  expect(
    await failure({
      providers: { calculator: "calculator" },
      trust: [{ repository: "registry.example/acme/*", unsigned: true }],
    }),
  ).toEqual({
    code: "ERR_CONFIG",
    message:
      'Cannot use the trust rule for "registry.example/acme/*": it is for none of the components that are named here',
    hint: "Correct it, or remove it",
    details: ["tenon.json:10:7", '10 |       "repository": "registry.example/acme/*",'],
  });
});

test("a key of a rule of trust that is not there points at the rule's key", async () => {
  expect(
    await failure({
      providers: { calculator: "calculator" },
      trust: [{ repository: "registry.example/acme/*", keys: ["./acme.pub"] }],
    }),
  ).toMatchObject({
    code: "ERR_FILE",
    message: 'Cannot read public key "./acme.pub": there is no such file',
    details: ["tenon.json:12:9", '12 |         "./acme.pub"'],
  });
});
