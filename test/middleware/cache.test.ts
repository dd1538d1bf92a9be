import { randomBytes } from "node:crypto";
import type { Outcome, Request } from "tenon";
import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent, type BuiltComponent } from "../../src/build/index.ts";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../fixtures/compiled-component.ts";

let built: BuiltComponent;
let cache: CompiledComponent;

beforeAll(async () => {
  built = await buildComponent({ entry: "middleware/cache/middleware.ts" });
  cache = await compileComponent(built.bytes);
});

const KEY = randomBytes(32).toString("hex");
const DIGEST = `sha256:${"a".repeat(64)}`;
const PUBLIC = { digest: DIGEST, cache: { ttlMs: 90_500, scope: "public" } };
const PRIVATE = { digest: DIGEST, cache: { ttlMs: 90_500 } };

/** A store, a clock and a tool that tells its calls apart. */
class World {
  now = 1_700_000_000_000;
  calls = 0;
  failure: { tag: string; val: string } | undefined;
  secret: string | undefined = KEY;
  readonly entries = new Map<string, { value: string; ttlSeconds: number | undefined }>();
  answer: () => Outcome = () => ({ tag: "success", val: JSON.stringify({ content: [], call: this.calls }) });

  start(settings: object = {}, catalog: Record<string, object> = { "tool search": PUBLIC }): Instance {
    return cache.instantiate({
      settings,
      catalog,
      next: () => {
        this.calls += 1;
        return this.answer();
      },
      host: () => ({
        "wasi:clocks/wall-clock": {
          now: () => ({ seconds: BigInt(Math.floor(this.now / 1000)), nanoseconds: (this.now % 1000) * 1e6 }),
        },
        "tenon:host/kv": {
          get: (key: string) => {
            if (this.failure) throw this.failure;
            return this.entries.has(key) ? { ...this.entries.get(key)!, version: "1" } : undefined;
          },
          set: (key: string, value: string, ttlSeconds?: number) => {
            if (this.failure) throw this.failure;
            this.entries.set(key, { value, ttlSeconds });
          },
        },
        "tenon:host/secrets": {
          get: () => {
            if (this.secret === undefined) throw { tag: "missing", val: "there is none" };
            return this.secret;
          },
        },
      }),
    });
  }
}

function call(args: string, meta = "", name = "search"): Request {
  const params = `{"name":"${name}","arguments":${args}${meta && `,"_meta":${meta}`}}`;
  return { id: "1", method: "tools/call", target: name, params };
}

function contextOf(more: object): string {
  return JSON.stringify({ ...(JSON.parse(CONTEXT) as object), ...more });
}

function as(issuer: string, subject: string, more: object = {}): string {
  return contextOf({ principal: { issuer, subject, scopes: [], ...more } });
}

/** Number of the call that a result is of. */
function callOf(outcome: Outcome): number {
  expect(outcome.tag).toBe("success");
  return (JSON.parse((outcome as { val: string }).val) as { call: number }).call;
}

describe("cache gives a result again", () => {
  test("byte by byte, to other instances as well, until it is too old", () => {
    const world = new World();
    const val = '{ "content":[] ,"n":1.0,"big":12345678901234567890,"é":"\\u00e9😀"}';
    world.answer = () => ({ tag: "success", val });
    const instance = world.start();
    expect(instance.handle(call('{"q":"x"}'))).toEqual({ tag: "success", val });
    expect(instance.facts).toEqual({ cache: "miss" });
    expect(instance.handle(call('{"q":"x"}'))).toEqual({ tag: "success", val });
    expect(instance.facts).toEqual({ cache: "hit" });
    world.now += 90_499;
    expect(world.start().handle(call('{"q":"x"}'))).toEqual({ tag: "success", val });
    expect(world.calls).toBe(1);
    world.now += 1;
    instance.handle(call('{"q":"x"}'));
    expect(world.calls).toBe(2);
    expect([...world.entries.values()]).toMatchObject([{ ttlSeconds: 91 }]);
    expect([...world.entries.keys()][0]).toMatch(/^cache\/[0-9a-f]{64}$/);
  });

  test("for the same arguments, however they are written", () => {
    const world = new World();
    const instance = world.start();
    instance.handle(call('{"a":1,"b":{"c":[1,2],"d":"é"}}'));
    for (const args of [
      '{ "b" : {"d":"\\u00e9", "c":[1.0,2]}, "a":1}',
      '{"a":1.00,"b":{"c":[1,2],"d":"é"}}',
    ]) {
      expect(callOf(instance.handle(call(args)))).toBe(1);
    }
    expect(callOf(instance.handle(call('{"a":1,"b":{"c":[1,2],"d":"é"}}', '{"progressToken":7}')))).toBe(1);
    for (const args of ['{"a":1,"b":{"c":[2,1],"d":"é"}}', '{"a":"1","b":{"c":[1,2],"d":"é"}}', "{}"]) {
      expect(callOf(instance.handle(call(args)))).toBeGreaterThan(1);
    }
  });

  test("of the same component and tool alone", () => {
    const world = new World();
    const catalog = { "tool search": PUBLIC, "tool other": PUBLIC };
    world.start({}, catalog).handle(call("{}"));
    expect(callOf(world.start({}, catalog).handle(call("{}", "", "other")))).toBe(2);
    const rebuilt = { "tool search": { ...PUBLIC, digest: `sha256:${"b".repeat(64)}` } };
    expect(callOf(world.start({}, rebuilt).handle(call("{}")))).toBe(3);
    expect(callOf(world.start({}, catalog).handle(call("{}")))).toBe(1);
  });

  test("no longer than the settings say, under their prefix", () => {
    const world = new World();
    const instance = world.start({ maxTtlMs: 1000, keyPrefix: "results/" });
    instance.handle(call("{}"));
    expect([...world.entries]).toMatchObject([[expect.stringMatching(/^results\//), { ttlSeconds: 1 }]]);
    world.now += 1000;
    expect(callOf(instance.handle(call("{}")))).toBe(2);
  });
});

describe("cache keeps callers apart", () => {
  test("who differ in anything, where a result is private", () => {
    const world = new World();
    const instance = world.start({}, { "tool search": PRIVATE });
    const contexts = [
      as("https://a", "bc"),
      as("https://ab", "c"),
      as('https://a","subject":"x', "bc"),
      as("https://a", 'bc"'),
      as("bc", "https://a"),
      as("https://a", "bc", { scopes: ["admin"] }),
      as("https://a", "bc", { roles: ["admin"] }),
      as("https://a", "bc", { clientId: "c" }),
      as("https://a", "bc", { claims: { team: "x" } }),
    ];
    for (const [index, context] of contexts.entries()) {
      expect(callOf(instance.handle(call("{}"), context))).toBe(index + 1);
    }
    for (const [index, context] of contexts.entries()) {
      expect(callOf(instance.handle(call("{}"), context))).toBe(index + 1);
    }
    // Nor does what the arguments say make one of them another.
    const forged = JSON.stringify({ issuer: "https://a", subject: "bc", scopes: [] });
    expect(callOf(instance.handle(call(forged), as("https://x", "y")))).toBe(contexts.length + 1);
  });

  test("and keeps nothing private for nobody", () => {
    const world = new World();
    const instance = world.start({}, { "tool search": PRIVATE });
    instance.handle(call("{}"));
    instance.handle(call("{}"));
    expect([world.calls, world.entries.size, instance.facts]).toEqual([2, 0, {}]);
  });

  test("but not where a result is public", () => {
    const world = new World();
    const instance = world.start();
    for (const context of [as("a", "b"), as("c", "d"), CONTEXT]) {
      expect(callOf(instance.handle(call("{}"), context))).toBe(1);
    }
  });
});

describe("cache does not keep", () => {
  test.for<[what: string, outcome: Outcome]>([
    ["a tool error", { tag: "success", val: '{"content":[], "isError" : true}' }],
    ["what became a task", { tag: "success", val: '{"resultType":"task","taskId":"1"}' }],
    ["a question", { tag: "input-required", val: { requests: "{}", state: undefined } }],
    ["an error", { tag: "failure", val: { code: 1, message: "no", data: undefined } }],
    [
      "a refusal",
      {
        tag: "refused",
        val: { status: 429, headers: [], error: { code: 1, message: "no", data: undefined } },
      },
    ],
    ["what is no JSON", { tag: "success", val: '{"content":' }],
    ["a long result", { tag: "success", val: JSON.stringify({ text: "x".repeat(256 * 1024) }) }],
  ])("%s", ([, outcome]) => {
    const world = new World();
    world.answer = () => outcome;
    const instance = world.start();
    expect(instance.handle(call("{}"))).toEqual(outcome);
    expect(instance.handle(call("{}"))).toEqual(outcome);
    expect([world.calls, world.entries.size]).toEqual([2, 0]);
  });

  test("what its tool does not declare, what continues a request, and arguments that cannot be compared", () => {
    const world = new World();
    const catalog = {
      "tool search": PUBLIC,
      "tool plain": { digest: DIGEST },
      "tool stale": { digest: DIGEST, cache: { ttlMs: 0, scope: "public" } },
    };
    const instance = world.start({}, catalog);
    const requests: [Request, string?][] = [
      [call("{}", "", "plain")],
      [call("{}", "", "stale")],
      [call("{}", "", "unknown")],
      [{ ...call("{}"), method: "prompts/get" }],
      [call("{}"), contextOf({ retry: true })],
      [call("{}"), contextOf({ inputs: { responses: { q: {} } } })],
      [call("{}"), contextOf({ task: { phase: "admit" } })],
      [call("{}"), contextOf({ task: { phase: "run", id: "1" }, retry: true })],
      ...[
        '{"n":12345678901234567890}',
        '{"n":1e400}',
        '{"n":-0}',
        '{"n":0.12345678901234567}',
        `{"q":"${"x".repeat(64 * 1024)}"}`,
      ].map((args): [Request] => [call(args)]),
    ];
    for (const [request, context] of requests) {
      const before = world.calls;
      instance.handle(request, context);
      instance.handle(request, context);
      expect(world.calls - before, request.params?.slice(0, 80) ?? "").toBe(2);
    }
    expect(world.entries.size).toBe(0);
    // Digits in strings are nothing of a number.
    instance.handle(call('{"n":"12345678901234567890 -0 \\" 1e9"}'));
    expect(world.entries.size).toBe(1);
  });
});

describe("cache seals what it keeps", () => {
  const settings = { sealKey: "cache-key" };

  test.for([
    KEY,
    Buffer.from(KEY, "hex").toString("base64"),
    ` ${Buffer.from(KEY, "hex").toString("base64url")}\n`,
  ])("with a key such as %j, and opens it again", (secret) => {
    const world = new World();
    world.secret = secret;
    world.answer = () => ({ tag: "success", val: '{"content":"TOPSECRET é"}' });
    world.start(settings).handle(call("{}"));
    const [value] = [...world.entries.values()].map((entry) => entry.value);
    expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(Buffer.from(value!, "base64").toString("latin1")).not.toContain("TOPSECRET");
    expect(world.start(settings).handle(call("{}"))).toEqual({
      tag: "success",
      val: '{"content":"TOPSECRET é"}',
    });
    expect(world.calls).toBe(1);
  });

  test("and takes whatever was changed, moved, sealed with another key or not at all for nothing", () => {
    const world = new World();
    const instance = world.start(settings);
    instance.handle(call("{}"));
    instance.handle(call('{"other":1}'));
    const [first, second] = [...world.entries.keys()] as [string, string];
    const [one, other] = [world.entries.get(first)!, world.entries.get(second)!];
    const flipped = Buffer.from(one.value, "base64");
    flipped[40]! ^= 1;
    const plain = new World();
    plain.start().handle(call("{}"));
    const values = [
      flipped.toString("base64"),
      other.value,
      one.value.slice(0, -8),
      "",
      "!",
      [...plain.entries.values()][0]!.value,
    ];
    for (const value of values) {
      world.entries.set(first, { value, ttlSeconds: undefined });
      const before = world.calls;
      instance.handle(call("{}"));
      expect(world.calls).toBe(before + 1);
    }
    world.secret = randomBytes(32).toString("hex");
    const before = world.calls;
    world.start(settings).handle(call("{}"));
    expect(world.calls).toBe(before + 1);
  });

  test("and keeps nothing without a key, which the log says once and without the key", () => {
    for (const secret of [undefined, "short", "z".repeat(64)]) {
      const world = new World();
      world.secret = secret;
      const instance = world.start(settings);
      for (let times = 1; times <= 3; times++) expect(callOf(instance.handle(call("{}")))).toBe(times);
      expect(world.entries.size).toBe(0);
      expect(instance.logs).toMatchObject([{ level: "error", message: "Results are not kept" }]);
      expect(JSON.stringify(instance.logs)).not.toContain("zzz");
    }
  });
});

test("cache takes an entry that is broken for nothing", () => {
  const world = new World();
  const instance = world.start();
  instance.handle(call("{}"));
  const [key] = [...world.entries.keys()];
  for (const value of ["", "{}", "9999999999999 {", "9999999999999 []", "x {}", "9999999999999  {}"]) {
    world.entries.set(key!, { value, ttlSeconds: undefined });
    const before = world.calls;
    instance.handle(call("{}"));
    expect(world.calls, value).toBe(before + 1);
  }
});

test("cache passes requests on while its store fails, and says so once", () => {
  const world = new World();
  const instance = world.start();
  world.failure = { tag: "unavailable", val: "down" };
  for (let times = 1; times <= 3; times++) expect(callOf(instance.handle(call("{}")))).toBe(times);
  expect(instance.logs).toHaveLength(1);
  expect(instance.logs[0]!.fields).toContain("kv: unavailable: down");
  world.failure = undefined;
  instance.handle(call("{}"));
  expect(callOf(instance.handle(call("{}")))).toBe(4);
});

test("cache says what it requires", () => {
  expect(built.manifest).toMatchObject({
    kind: "middleware",
    name: "cache",
    methods: ["tools/call"],
    capabilities: [{ interface: "tenon:host/kv" }, { interface: "tenon:host/secrets" }],
    requires: [{ behindAuthentication: true }, { kv: { prefix: "keyPrefix" } }, { secret: "sealKey" }],
  });
});
