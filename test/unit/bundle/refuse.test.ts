import { describe, expect, test } from "vitest";
import { bundle } from "../../../src/bundle/index.ts";
import { refuseResources } from "../../../src/bundle/refuse.ts";
import { compose } from "../../../src/compose/index.ts";
import {
  writeManifest,
  type Grants,
  type Requirement,
  type ToolManifest,
} from "../../../src/manifest/index.ts";
import { oneToolProvider, passing, passingWithServices } from "../../fixtures/chain-parts.ts";
import { providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

const settingsSchema = {
  type: "object",
  properties: {
    prefix: { type: "string", default: "limits/" },
    jwksUri: { type: "string", default: "https://id.example/keys" },
  },
};

/** A core whose one middleware requires something. */
async function coreWith(requires: Requirement[], grants?: Grants): Promise<Uint8Array> {
  const make = grants === undefined ? passing : passingWithServices;
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [{ as: "limit", bytes: await make("limit", { requires, settingsSchema }) }],
    ...(grants && { grants: { limit: grants } }),
  });
  return bytes;
}

async function coreOfTools(tools: ToolManifest[]): Promise<Uint8Array> {
  const provider = writeManifest(await constantProvider('{"content":[]}'), {
    ...providerManifest("weather", []),
    tools,
  });
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: provider }],
    middleware: [],
  });
  return bytes;
}

describe("bundle() refuses what a host cannot keep or enforce", () => {
  test("limits by address, where the host does not tell it", async () => {
    const core = await coreWith([{ peer: true, for: "limits by peer" }]);
    await expect(bundle({ core, host: "wasmtime" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      message:
        'Cannot bundle "acme" for wasmtime: "limit" needs the address of the client, which wasmtime does not tell, for: limits by peer',
      hint: 'Change the settings of "limit", or limit addresses in front of wasmtime',
    });
  });

  test("a store that keeps what it is given, where there is none", async () => {
    const requires: Requirement[] = [
      { kv: { prefix: "prefix", features: ["swap", "persistent"] }, for: "exact limits" },
    ];
    const core = await coreWith(requires, { kv: ["limits/"] });
    await expect(bundle({ core, host: "wasmtime" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      message:
        'Cannot bundle "acme" for wasmtime: "limit" needs a store that can swap and keep values, which wasmtime does not have, for: exact limits',
      hint: 'Change the settings of "limit", such as "approximate" of rate-limit, or choose a host with such a store: spin, fastly or "tenon serve"',
    });
    await expect(bundle({ core, host: "wasmtime", kv: "instance" })).rejects.toMatchObject({
      message:
        'Cannot bundle "acme" for wasmtime: "limit" needs a store that can keep values, which wasmtime does not have, for: exact limits',
    });
  });

  test("keys by URL, with the way to take them along", async () => {
    const requires: Requirement[] = [
      { http: "jwksUri", for: "fetching the keys of the issuer" },
      { kv: { prefix: "prefix", features: ["persistent"] }, for: "one fetch of the keys" },
    ];
    const grants = { kv: ["limits/"], http: [{ origin: "https://id.example" }] };
    await expect(bundle({ core: await coreWith(requires, grants), host: "wasmtime" })).rejects.toMatchObject({
      hint: 'Compose with "--snapshot-jwks", which puts the keys of today into the core, or choose a host with such a store',
    });
  });

  test("every reason at once, each way out once", async () => {
    const core = await coreWith([
      { peer: true, for: "limits by peer" },
      { peer: true, for: "a list of addresses" },
    ]);
    await expect(bundle({ core, host: "wasmtime" })).rejects.toMatchObject({
      details: [
        '"limit" needs the address of the client, which wasmtime does not tell, for: a list of addresses',
      ],
      hint: 'Change the settings of "limit", or limit addresses in front of wasmtime',
    });
  });

  test("tools whose calls have to be tasks", async () => {
    const inputSchema = { type: "object" };
    const required = await coreOfTools([{ name: "dig", inputSchema, task: "required" }]);
    await expect(bundle({ core: required, host: "wasmtime" })).rejects.toMatchObject({
      code: "ERR_HOST_CORE",
      message:
        'Cannot bundle "acme" for wasmtime: calls of the tool "dig" have to be tasks, which wasmtime does not keep',
      hint: 'Make tasks optional for "dig", or run the server with "tenon serve"',
    });
  });

  test("more than the host starts, with each number", async () => {
    const { manifest } = await compose({
      name: "acme",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "weather", bytes: await oneToolProvider() }],
      middleware: [],
    });
    const host = { maximum: { memories: 32, tables: 64, instances: 200 } };
    const check = (memories: number, tables: number): void =>
      refuseResources(manifest, host, { instances: 200, memories, tables }, "spin");
    expect(() => check(32, 64)).not.toThrow();
    expect(() => check(33, 65)).toThrow(
      expect.objectContaining({
        code: "ERR_HOST_CORE",
        message: 'Cannot bundle "acme" for spin: it has 33 memories, and 32 are the most',
        details: ["it has 65 tables, and 64 are the most"],
        hint: "Put tools into fewer providers, or use less middleware",
      }) as Error,
    );
  });
});
