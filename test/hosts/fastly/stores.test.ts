import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { findProgram } from "../../fixtures/programs.ts";
import { request } from "../requests.ts";
import { fixture, serveOnFastly, type FastlyServer } from "./serve.ts";

const { path: viceroy, missing } = findProgram("viceroy");
const title = missing === undefined ? "stores of Fastly" : `stores of Fastly: NOT RUN, ${missing}`;

describe.skipIf(missing !== undefined)(title, () => {
  let server: FastlyServer;

  beforeAll(async () => {
    const { bytes } = await compose({
      name: "stores",
      version: "1.0.0",
      access: "public",
      providers: [{ as: "services", bytes: await fixture("services") }],
      middleware: [],
      grants: {
        services: {
          kv: ["notes/"],
          config: ["units", "absent"],
          secrets: [{ name: "SIGNING_KEY" }, { name: "UNSET" }],
        },
      },
    });
    server = await serveOnFastly(viceroy!, bytes, {
      env: { TENON_SECRET_SIGNING_KEY: "s3crét" },
      edit: (toml) => toml.replace('# "units" = ""', '"units" = "metric"'),
    });
  }, 300_000);
  afterAll(() => server?.stop());

  async function call(service: string, method: string, ...args: unknown[]): Promise<unknown> {
    const { body } = await request(server.url, "tools/call", {
      name: "call",
      arguments: { service, method, args },
    });
    const { content } = body.result as { content: [{ text: string }] };
    return JSON.parse(content[0].text);
  }

  test("config gives what the config store holds, and nothing for what it does not", async () => {
    expect(await call("config", "get", "units")).toEqual({ gives: "metric" });
    expect(await call("config", "get", "absent")).toEqual({});
    expect(await call("config", "get", "other")).toMatchObject({ code: "denied" });
  });

  test("secrets gives what the secret store holds; an empty secret is missing", async () => {
    expect(await call("secrets", "get", "SIGNING_KEY")).toEqual({ gives: "s3crét" });
    expect(await call("secrets", "get", "UNSET")).toMatchObject({ code: "missing" });
    expect(await call("secrets", "get", "OTHER")).toMatchObject({ code: "denied" });
  });

  test("kv keeps values across requests, each of which is an instance of its own", async () => {
    expect(await call("kv", "features")).toEqual({
      gives: { swap: true, persistent: true, consistency: "eventual" },
    });
    expect(await call("kv", "get", "notes/a#?é")).toEqual({});
    await call("kv", "set", "notes/a#?é", "one é");
    expect(await call("kv", "get", "notes/a#?é")).toEqual({ gives: "one é" });
    await call("kv", "delete", "notes/a#?é");
    await call("kv", "delete", "notes/a#?é");
    expect(await call("kv", "get", "notes/a#?é")).toEqual({});
    expect(await call("kv", "get", "other/a")).toMatchObject({ code: "denied" });
  });

  test("kv swaps only the state that was read", async () => {
    expect(await call("kv", "swap", "notes/s", null, "1")).toEqual({ gives: true });
    expect(await call("kv", "swap", "notes/s", null, "2")).toEqual({ gives: false });
    const { gives } = (await call("kv", "getEntry", "notes/s")) as {
      gives: { value: string; version: string };
    };
    expect(gives.value).toBe("1");
    expect(await call("kv", "swap", "notes/s", "1.1", "2")).toEqual({ gives: false });
    expect(await call("kv", "swap", "notes/s", gives.version, "2")).toEqual({ gives: true });
    expect(await call("kv", "swap", "notes/s", gives.version, "3")).toEqual({ gives: false });
    expect(await call("kv", "get", "notes/s")).toEqual({ gives: "2" });
  });

  test("kv increments whole numbers", async () => {
    expect(await call("kv", "increment", "notes/n", 2)).toEqual({ gives: 2 });
    expect(await call("kv", "increment", "notes/n", -5)).toEqual({ gives: -3 });
    await call("kv", "set", "notes/n", "text");
    expect(await call("kv", "increment", "notes/n", 1)).toMatchObject({ code: "invalid" });
    await call("kv", "set", "notes/n", String(Number.MAX_SAFE_INTEGER));
    expect(await call("kv", "increment", "notes/n", 1)).toMatchObject({ code: "invalid" });
  });

  test("kv lists keys in pages, in the order of their bytes", async () => {
    for (const key of ["l/b", "l/é", "l/A", "l/#", "l/😀", "m"]) await call("kv", "set", `notes/${key}`, "");
    const first = (await call("kv", "list", "notes/l/", { limit: 3 })) as {
      gives: { keys: string[]; next?: string };
    };
    expect(first.gives.keys).toEqual(["notes/l/#", "notes/l/A", "notes/l/b"]);
    const rest = await call("kv", "list", "notes/l/", { cursor: first.gives.next, limit: 3 });
    expect(rest).toEqual({ gives: { keys: ["notes/l/é", "notes/l/😀"] } });
    expect(await call("kv", "list", "notes/l/", { cursor: "no cursor", limit: 3 })).toMatchObject({
      code: "invalid",
    });
  });

  test("kv refuses keys and values over its limits", async () => {
    expect(await call("kv", "get", `notes/${"é".repeat(254)}`)).toMatchObject({ code: "too-large" });
    expect(await call("kv", "set", `notes/${"x".repeat(506)}`, "fits")).toEqual({});
    expect(await call("kv", "get", `notes/${"x".repeat(506)}`)).toEqual({ gives: "fits" });
  });

  test("values expire", async () => {
    await call("kv", "set", "notes/e", "soon", { ttlSeconds: 1 });
    expect(await call("kv", "get", "notes/e")).toEqual({ gives: "soon" });
    await expect.poll(() => call("kv", "get", "notes/e"), { timeout: 5000 }).toEqual({});
    expect(await call("kv", "swap", "notes/e", null, "anew")).toEqual({ gives: true });
  });
});
