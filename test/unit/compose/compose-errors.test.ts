import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { beforeAll, expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { composeError } from "../../fixtures/compose-error.ts";
import { middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider, passingMiddleware } from "../../fixtures/wat-component.ts";

let provider: Uint8Array;
let middleware: Uint8Array;
let bareProvider: Uint8Array;
let bareMiddleware: Uint8Array;

beforeAll(async () => {
  bareProvider = await constantProvider("{}");
  bareMiddleware = await passingMiddleware();
  provider = writeManifest(bareProvider, providerManifest("weather", ["forecast", "now"]));
  middleware = writeManifest(bareMiddleware, middlewareManifest("access-log"));
});

/** The whole error as people see it. */
function errorOf(changes: Partial<ComposeInput>): Promise<string> {
  return composeError({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [],
    ...changes,
  });
}

const provide = (bytes: Uint8Array): Partial<ComposeInput> => ({ providers: [{ as: "weather", bytes }] });
const wrap = (bytes: Uint8Array): Partial<ComposeInput> => ({ middleware: [{ as: "log", bytes }] });

test("compose() refuses two parts of one name", async () => {
  expect(await errorOf({ middleware: [{ as: "weather", bytes: middleware }] }))
    .toBe(`Cannot compose "acme": two parts are called "weather"
Hint: Give one of them another name with "as"
ERR_COMPOSE_NAME`);
});

test("compose() refuses names that are not in kebab-case, and suggests one that is", async () => {
  expect(await errorOf({ providers: [{ as: "My Weather", bytes: provider }] }))
    .toBe(`Cannot use "My Weather" as the name of a part: it is not in kebab-case
  A name has 1 to 64 lower-case letters and digits, with single hyphens between them
Hint: Write it as "my-weather"
ERR_COMPOSE_NAME`);
  for (const as of ["", "-a", "a-", "a--b", "a_b", "é", "A", "a".repeat(65), 'a"b', "a b"]) {
    expect(await errorOf({ providers: [{ as, bytes: provider }] }), as).toContain("it is not in kebab-case");
  }
  expect(await errorOf({ name: "Acme" })).toContain('Cannot use "Acme" as the name of the server');
});

test("compose() refuses a version that is none", async () => {
  expect(await errorOf({ version: "1" })).toBe(`Cannot compose "acme": "1" is no semantic version
Hint: Write it as "1.0.0"
ERR_COMPOSE_NAME`);
});

test("compose() refuses a server without providers", async () => {
  expect(await errorOf({ providers: [] })).toBe(`Cannot compose "acme": it has no provider
Hint: Name at least one component that offers tools
ERR_CONFIG`);
});

test("compose() refuses what is not a component", async () => {
  expect(await errorOf(provide(new TextEncoder().encode("export default 1;"))))
    .toBe(`Cannot compose "weather": the bytes do not start with the WebAssembly magic number (at offset 0x0)
Hint: Name a component that was built for tenon
ERR_WASM_DECODE`);
  expect(await errorOf(provide(await parse("(module)"))))
    .toBe(`Cannot compose "weather": it is a core module, not a component
Hint: Name a component that was built for tenon
ERR_WASM_DECODE`);
});

test("compose() refuses a component without a manifest", async () => {
  expect(await errorOf(provide(bareProvider))).toBe(`Cannot compose "weather": it has no manifest
Hint: Build it with "tenon build", or add a "tenon:manifest" custom section
ERR_MANIFEST`);
});

test("compose() refuses a part of the wrong kind, and says where it belongs", async () => {
  expect(await errorOf(provide(middleware)))
    .toBe(`Cannot compose "weather" as a provider: its manifest says it is a middleware
Hint: List it under "middleware"
ERR_MANIFEST`);
  expect(await errorOf(wrap(provider)))
    .toBe(`Cannot compose "log" as a middleware: its manifest says it is a provider
Hint: List it under "providers"
ERR_MANIFEST`);
  const { bytes: core } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [],
  });
  expect(await errorOf(wrap(core)))
    .toBe(`Cannot compose "log" as a middleware: its manifest says it is a composed server
Hint: Compose the components it was made of
ERR_MANIFEST`);
});

test("compose() refuses a part that lacks the export of its kind, and lists what it has", async () => {
  expect(await errorOf(provide(writeManifest(bareMiddleware, providerManifest("weather", ["now"])))))
    .toBe(`Cannot compose "weather": it does not export "tenon:mcp/provider@0.1.0"
  It exports tenon:mcp/handler@0.1.0
Hint: Build it for a world that exports "tenon:mcp/provider@0.1.0"
ERR_COMPOSE_MISSING_INTERFACE`);
  const empty = writeManifest(await parse("(component)"), providerManifest("weather", ["now"]));
  expect(await errorOf(provide(empty))).toContain("  It exports no interface\n");
});

test("compose() refuses middleware that calls no next handler", async () => {
  const handler = await parse(`(component (instance $i) (export "tenon:mcp/handler@0.1.0" (instance $i)))`);
  expect(await errorOf(wrap(writeManifest(handler, middlewareManifest("access-log")))))
    .toBe(`Cannot compose "log": it is a middleware and does not import "tenon:mcp/handler@0.1.0"
  It would answer every request itself, and nothing behind it could be reached
Hint: Call the next handler in "log", or build it as a provider
ERR_COMPOSE_MISSING_INTERFACE`);
});

test("compose() refuses an interface of another version, exported or imported", async () => {
  const manifest = providerManifest("weather", ["now"]);
  const exporting = await parse(
    `(component (instance $i) (export "tenon:mcp/provider@0.2.0" (instance $i)))`,
  );
  expect(await errorOf(provide(writeManifest(exporting, manifest))))
    .toBe(`Cannot compose "weather": it exports "tenon:mcp/provider@0.2.0", and this version of tenon has "tenon:mcp/provider@0.1.0"
Hint: Rebuild "weather" with this version of tenon
ERR_COMPOSE_INTERFACE_MISMATCH`);
  const importing = await parse(`(component (import "tenon:host/http@0.3.1" (instance)))`);
  expect(await errorOf(provide(writeManifest(importing, manifest))))
    .toBe(`Cannot compose "weather": it imports "tenon:host/http@0.3.1", and this version of tenon has "tenon:host/http@0.1.0"
Hint: Rebuild "weather" with this version of tenon
ERR_COMPOSE_INTERFACE_MISMATCH`);
  const unknown = await parse(`(component (import "tenon:host/shell@0.1.0" (instance)))`);
  expect(await errorOf(provide(writeManifest(unknown, manifest)))).toContain(
    "this version of tenon has no such interface",
  );
});

test("compose() refuses an interface of the right version in another shape, exported or imported", async () => {
  const manifest = providerManifest("weather", ["now"]);
  const importing = await parse(
    `(component (import "tenon:host/secrets@0.1.0" (instance (export "get" (func (param "name" string) (result string))))))`,
  );
  expect(await errorOf(provide(writeManifest(importing, manifest))))
    .toBe(`Cannot compose "weather": its import "tenon:host/secrets@0.1.0" is not the interface this version of tenon has
  "get" has another type
Hint: Rebuild "weather" with this version of tenon
ERR_COMPOSE_INTERFACE_MISMATCH`);
  const exporting = await parse(`(component
    (core module $m (func (export "handle")))
    (core instance $m (instantiate $m))
    (func $handle (canon lift (core func $m "handle")))
    (instance $i (export "handle" (func $handle)))
    (export "tenon:mcp/provider@0.1.0" (instance $i)))`);
  expect(await errorOf(provide(writeManifest(exporting, manifest))))
    .toBe(`Cannot compose "acme": "weather" exports "tenon:mcp/provider@0.1.0" in another shape than this version of tenon
  missing expected export \`context\`
Hint: Rebuild "weather" with this version of tenon
ERR_COMPOSE_INTERFACE_MISMATCH`);
  const handler = await parse(`(component
    (import "tenon:mcp/handler@0.1.0" (instance))
    (instance $i) (export "tenon:mcp/handler@0.1.0" (instance $i)))`);
  const odd = { as: "odd", bytes: writeManifest(handler, middlewareManifest("odd")) };
  const even = { as: "even", bytes: middleware };
  for (const chain of [[odd], [even, odd], [odd, even]]) {
    expect(await errorOf({ middleware: chain })).toContain(
      'Cannot compose "acme": "odd" exports "tenon:mcp/handler@0.1.0" in another shape',
    );
  }
});

async function converting(result: string): Promise<Uint8Array> {
  const component = await parse(`(component
    (import "acme:units/convert@1.0.0" (instance (export "convert" (func (result ${result})))))
    (instance $i) (export "tenon:mcp/provider@0.1.0" (instance $i)))`);
  return writeManifest(component, providerManifest("p", []));
}

test("compose() names both parts that import one interface in two shapes", async () => {
  const providers = [
    { as: "metric", bytes: await converting("u32") },
    { as: "imperial", bytes: await converting("f64") },
  ];
  expect(await errorOf({ providers }))
    .toBe(`Cannot compose "metric" with "imperial": they import "acme:units/convert" in two shapes
  "convert" of acme:units/convert@1.0.0 and acme:units/convert@1.0.0 has different types
Hint: Rebuild "metric" and "imperial" against one version of acme:units/convert
ERR_COMPOSE_INTERFACE_MISMATCH`);
});

const CREDENTIALS = "tenon:host/credentials@0.1.0";
const USE_CREDENTIALS = `(import "${CREDENTIALS}" "authorization" (func (param i32)))`;

test("compose() refuses a provider that asks for credentials or for the next handler", async () => {
  const manifest = providerManifest("weather", ["now"]);
  const curious = writeManifest(await constantProvider("{}", [CREDENTIALS], USE_CREDENTIALS), manifest);
  expect(await errorOf(provide(curious)))
    .toBe(`Cannot compose "weather": it is a provider and imports "tenon:host/credentials@0.1.0"
  Only middleware sees the credential of a request
Hint: Read the verified caller from the context's "principal" instead, and authenticate in middleware
ERR_COMPOSE_FORBIDDEN_IMPORT`);
});

test("compose() gives credentials to middleware that authenticates, and to no other", async () => {
  const bytes = await passingMiddleware([CREDENTIALS], USE_CREDENTIALS);
  const auth = writeManifest(bytes, { ...middlewareManifest("auth"), authenticates: {} });
  const curious = writeManifest(bytes, middlewareManifest("curious"));
  expect(await errorOf({ middleware: [{ as: "curious", bytes: curious }] }))
    .toBe(`Cannot compose "curious": its manifest does not say that it authenticates, and it imports "tenon:host/credentials@0.1.0"
  Only middleware that authenticates sees the credential of a request
Hint: Build "curious" with \`authenticates: {}\` if it authenticates callers
ERR_COMPOSE_FORBIDDEN_IMPORT`);
  const { imports } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [{ as: "auth", bytes: auth }],
  });
  expect(imports).toContain(CREDENTIALS);
});

test("compose() checks settings, with the nearest key for a mistyped one", async () => {
  const settingsSchema = {
    type: "object",
    properties: { limit: { type: "integer", minimum: 1 }, windowMs: { type: "integer" } },
    required: ["limit"],
  };
  const bytes = writeManifest(bareMiddleware, { ...middlewareManifest("rate-limit"), settingsSchema });
  const withSettings = (settings?: Record<string, number | string>): Promise<string> =>
    errorOf({ middleware: [{ as: "per-caller", bytes, ...(settings && { settings }) }] });
  expect(await withSettings({ limit: 1, windowMS: 5 }))
    .toBe(`Cannot compose "per-caller": its settings have a mistake: unknown key "windowMS", did you mean "windowMs"?
Hint: Correct "config" of "per-caller"
ERR_COMPOSE_SETTINGS`);
  expect(await withSettings({ limit: "many", windowMs: "1" }))
    .toBe(`Cannot compose "per-caller": its settings have 2 mistakes
  "limit" must be integer, got string
  "windowMs" must be integer, got string
Hint: Correct "config" of "per-caller"
ERR_COMPOSE_SETTINGS`);
  expect(await withSettings()).toContain('missing key "limit"');
});

test("compose() fetches no schema that a settings schema refers to", async () => {
  const settingsSchema = { $ref: "https://schemas.example/settings.json" };
  const bytes = writeManifest(bareMiddleware, { ...middlewareManifest("m"), settingsSchema });
  expect(await errorOf(wrap(bytes))).toBe(`Cannot check the settings of "log": its schema is not valid
  can't resolve reference https://schemas.example/settings.json from id #
Hint: Rebuild "log" with a settings schema in JSON Schema 2020-12 that refers to nothing outside itself
ERR_COMPOSE_SETTINGS`);
});

test.each([
  ["a bare function", `(import "f" (func))`, 'it imports "f" outside an interface'],
  [
    "an asynchronous function",
    `(import "a:b/c@1.0.0" (instance (export "f" (func async))))`,
    'function "a:b/c@1.0.0#f" is asynchronous, which this version does not support',
  ],
  [
    "a type that grows without bound",
    `(import "a:b/c@1.0.0" (instance (type $0 (tuple u8 u8)) ${Array.from({ length: 20 }, (_, i) => `(type $${i + 1} (tuple $${i} $${i}))`).join(" ")} (export "t" (type (eq $20)))))`,
    'interface "a:b/c@1.0.0" has a type that is too large',
  ],
  [
    "a type that no import has",
    `(import "a:b/c@1.0.0" (instance $c)) (alias export $c "t" (type $t))`,
    'it uses a type "t" that no import has',
  ],
  [
    "a type of the interface itself",
    `(import "a:b/c@1.0.0" (instance $c (export "t" (type (sub resource))))) (alias export $c "t" (type $t))
     (import "a:b/c@1.1.0" (instance (alias outer 1 $t (type $u)) (export "t" (type (eq $u)))))`,
    'interface "a:b/c@1.1.0" uses a type from elsewhere',
  ],
  [
    "a stream",
    `(import "a:b/c@1.0.0" (instance (type $s (stream u8)) (export "f" (func (result $s)))))`,
    "uses a type this version does not support: stream",
  ],
])("compose() refuses a part that imports %s", async (_what, imports, message) => {
  const component = await parse(
    `(component ${imports} (instance $i) (export "tenon:mcp/provider@0.1.0" (instance $i)))`,
  );
  expect(await errorOf(provide(writeManifest(component, providerManifest("weather", []))))).toContain(
    message,
  );
});

test("compose() refuses a part cut short at any byte, as an error for people", async () => {
  for (let length = 0; length < provider.length; length += 5) {
    expect(await errorOf(provide(provider.subarray(0, length))), `first ${length} bytes`).toMatch(
      /^Cannot compose /,
    );
  }
});
