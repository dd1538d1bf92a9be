import { beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../../src/bundle/index.ts";
import { compose, coreOf, type Composition } from "../../../src/compose/index.ts";
import { replaceCustomSection } from "../../../src/wasm/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { oneToolProvider, passing } from "../../fixtures/chain-parts.ts";
import { withFreshCache } from "../../fixtures/fresh-cache.ts";
import {
  buildMiddleware,
  buildProvider,
  middlewareManifest,
  providerManifest,
} from "../../fixtures/quickjs-component.ts";
import { askingCore, suiteCore } from "../../hosts/suite-core.ts";

let core: Composition;

beforeAll(async () => {
  core = await suiteCore();
});

describe("bundle()", () => {
  test.each(["wasmtime", "fastly"] as const)(
    "bundle() for %s gives equal bytes for equal input",
    async (host) => {
      const first = await withFreshCache(() => bundle({ core: core.bytes, host }));
      const second = await withFreshCache(() => bundle({ core: core.bytes.slice(), host }));
      expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
    },
  );

  test("bundle() for Fastly describes the service", async () => {
    const { files } = await bundle({ core: core.bytes, host: "fastly" });
    expect(files["fastly.toml"]!.text).toContain('manifest_version = 3\nname = "suite"\n');
  });

  test("bundle() refuses a core that asks clients unless there is a key, in a place that the host has", async () => {
    const asking = (await askingCore()).bytes;
    await expect(bundle({ core: asking, host: "wasmtime" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      message:
        'Cannot bundle "suite" for wasmtime: "asking" asks clients, and no key seals what they carry meanwhile',
      hint: expect.stringMatching(/stateKey: "environment".*TENON_STATE_KEY/) as string,
    });
    await expect(bundle({ core: asking, host: "fastly" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      hint: expect.stringMatching(/stateKey: "secret-store".*TENON_STATE_KEY/) as string,
    });
    await expect(bundle({ core: asking, host: "fastly", stateKey: "environment" })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: 'Cannot bundle "suite" for fastly: it takes no state key from "environment"',
    });
    const { componentWit } = await import("@bytecodealliance/jco-transpile/wasm-tools");
    const { bytes } = await bundle({ core: asking, host: "wasmtime", stateKey: "environment" });
    expect(await componentWit(bytes)).toContain("import wasi:cli/environment@0.2.0;");
  });

  test("bundle() refuses a component that is not a composed server", async () => {
    const { bytes } = await bundle({ core: core.bytes, host: "wasmtime" });
    await expect(bundle({ core: bytes, host: "wasmtime" })).rejects.toMatchObject({
      code: "ERR_MANIFEST",
      message: "Cannot bundle for wasmtime: the component is not a composed server",
    });
    await expect(bundle({ core: Uint8Array.of(1, 2, 3), host: "fastly" })).rejects.toMatchObject({
      code: "ERR_WASM_DECODE",
    });
  });
});

test("bundle() refuses a core whose bytes do not prove its manifest", async () => {
  const { bytes, manifest } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [{ as: "log", bytes: await passing("log") }],
  });
  const [log] = manifest.middleware;
  const renamed = writeManifest(bytes, { ...manifest, middleware: [{ ...log!, as: "guard" }] });
  await expect(bundle({ core: renamed, host: "wasmtime" })).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: 'Cannot bundle "acme" for wasmtime: its bytes do not prove what its manifest says',
  });
});

/** The code of a provider that makes one call of its host. */
function body(call: string): string {
  return `${call}; return { tag: "accepted" };`;
}

test.each(["wasmtime", "stdio"] as const)(
  "bundle() for %s names each service it lacks, who was granted it, and the way out",
  async (host) => {
    const notes = await buildProvider(providerManifest("notes", ["note"]), body('kv.get("k")'), {
      kv: "tenon:host/kv@0.1.0",
    });
    const weather = await buildProvider(providerManifest("weather", ["now"]), body('config.get("k")'), {
      config: "tenon:host/config@0.1.0",
    });
    const input = {
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [
        { as: "notes", bytes: notes },
        { as: "weather", bytes: weather },
      ],
      middleware: [],
    } as const;
    const granted = await compose({
      ...input,
      grants: { notes: { kv: ["notes/"] }, weather: { config: ["UNITS"] } },
    });
    await expect(bundle({ core: granted.bytes, host })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      message: `Cannot bundle "acme" for ${host}: it imports what ${host} does not serve`,
      details: ['tenon:host/kv@0.1.0, granted to "notes"'],
      hint: 'Give "--kv instance" where keys may be lost with each instance; else choose a host that keeps them: spin, fastly or "tenon serve"',
    });
    const denied = await compose(input);
    await expect(bundle({ core: denied.bytes, host })).resolves.toBeDefined();
  },
  120_000,
);

test("bundle() refuses more components than a request on Fastly may instantiate", async () => {
  const pass = await buildMiddleware(middlewareManifest("pass"), "return next.handle(ctx, req);", {});
  const provider = await buildProvider(providerManifest("weather", ["now"]), 'return { tag: "accepted" };');
  const bundled = async (links: number): Promise<unknown> => {
    const { bytes } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "weather", bytes: provider }],
      middleware: Array.from({ length: links }, (_, i) => ({ as: `pass-${i}`, bytes: pass })),
    });
    return bundle({ core: bytes, host: "fastly" });
  };
  await expect(bundled(4)).resolves.toBeDefined();
  await expect(bundled(5)).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: expect.stringMatching(
      /^Cannot bundle "acme" for fastly: it has \d+ core instances, and 77 are the most$/,
    ) as string,
  });
  // Two cores are composed, proved and bundled.
}, 120_000);

test.each([
  [{ path: "mcp" }, 'the path "mcp" does not start with "/", or has a query'],
  [{ deadlineMs: 0.5 }, "a deadline of 0.5 ms is not a whole number from 1"],
  [{ allowedHosts: ["https://x"] }, 'Cannot allow host "https://x": it is not a host or host:port'],
  [{ allowedOrigins: ["x"] }, 'Cannot allow origin "x": it is not like https://app.example'],
])("bundle() refuses the HTTP settings %j", async (http, state) => {
  await expect(bundle({ core: core.bytes, host: "wasmtime", http })).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: `Cannot bundle with these HTTP settings: ${state}`,
  });
});

describe("coreOf()", () => {
  test("coreOf() finds nothing in a component without a core", () => {
    expect(coreOf(core.bytes)).toBeUndefined();
    expect(coreOf(replaceCustomSection(core.bytes, "note", Uint8Array.of(1)))).toBeUndefined();
  });
});
