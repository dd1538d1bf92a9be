import { describe, expect, test } from "vitest";
import { AUDIENCE, CLAIMS, component, ISSUER, NOW, OK } from "../fixtures/auth-jwt.ts";
import type { Instance, InstanceOptions } from "../fixtures/compiled-component.ts";
import { FakeHttp, type Answer } from "../fixtures/fake-http.ts";
import { FakeKv } from "../fixtures/fake-kv.ts";
import { base64url, signingKey, token, type SigningKey } from "../fixtures/tokens.ts";

const OLD = signingKey("EdDSA", "old");
const NEW = signingKey("ES256", "new");
const JWKS_URI = "https://issuer.example/jwks?v=1";
/** Tokens that do not expire while a test lets time pass. */
const LASTING = { ...CLAIMS, exp: NOW + 1_000_000 };

/** An issuer, a store, and instances that share them and the time. */
class World {
  readonly kv = new FakeKv();
  readonly http: FakeHttp;
  readonly #settings: object;
  readonly #sleeps: ((ms: number) => void)[] = [];
  answer: Answer;

  constructor(answer: Answer, settings: object = {}) {
    this.answer = answer;
    this.http = new FakeHttp(() => this.answer);
    this.#settings = { issuer: ISSUER, audience: AUDIENCE, jwksUri: JWKS_URI, ...settings };
  }

  get fetches(): number {
    return this.http.sent.length;
  }

  pass(seconds: number): void {
    this.kv.now += seconds * 1000;
    for (const sleep of this.#sleeps) sleep(seconds * 1000);
  }

  /** What an instance makes of a token: "ok", or status and reason. */
  instance(): Door {
    const options: InstanceOptions = {
      settings: this.#settings,
      next: () => OK,
      host: (sleep) => {
        this.#sleeps.push(sleep);
        return { ...this.http.functions(sleep), ...this.kv.functions() };
      },
    };
    const instance = component().instantiate(options);
    const ask = (text: string, deadline = 10_000): string => {
      options.authorization = `Bearer ${text}`;
      instance.facts = {};
      const at = this.kv.now;
      const context = {
        requestId: "r",
        transport: "http",
        protocolVersion: "2026-07-28",
        receivedAt: at,
        deadline: at + deadline,
      };
      const outcome = instance.handle(
        { id: "1", method: "tools/call", target: "add", params: "{}" },
        JSON.stringify(context),
      );
      if (outcome.tag === "success") return "ok";
      if (outcome.tag !== "refused") return outcome.tag;
      const { status, headers } = outcome.val;
      const retry = headers.find(([name]) => name === "retry-after")?.[1];
      return [status, instance.facts["detail"], ...(retry === undefined ? [] : [retry])].join(" ");
    };
    return { ask, instance };
  }
}

interface Door {
  ask: (text: string, deadline?: number) => string;
  instance: Instance;
}

function publishing(...keys: (SigningKey | object)[]): Answer {
  return { body: JSON.stringify({ keys: keys.map((key) => ("jwk" in key ? key.jwk : key)) }) };
}

function messages({ instance }: Door): string[] {
  return instance.logs.map(({ message, fields = "" }) => `${message} ${fields}`);
}

describe("auth-jwt fetches keys", () => {
  test("once, and other instances find them in the store", () => {
    const world = new World(publishing(OLD, NEW));
    const [first, second] = [world.instance(), world.instance()];
    for (const { ask } of [first, first, second]) {
      expect(ask(token(OLD, CLAIMS))).toBe("ok");
      expect(ask(token(NEW, CLAIMS))).toBe("ok");
    }
    expect(world.http.sent).toEqual([
      {
        method: "GET",
        origin: "https://issuer.example",
        pathWithQuery: "/jwks?v=1",
        headers: [["accept", "application/jwk-set+json, application/json"]],
        body: undefined,
      },
    ]);
    expect(world.kv.keys.every((key) => key.startsWith("auth-jwt/"))).toBe(true);
  });

  test("anew when they are too old, and then trusts neither a key that is gone nor what it signed", () => {
    const world = new World(publishing(OLD));
    const { ask } = world.instance();
    const text = token(OLD, LASTING);
    expect(ask(text)).toBe("ok");
    world.answer = publishing(NEW);
    world.pass(599);
    expect([ask(text), world.fetches]).toEqual(["ok", 1]);
    world.pass(1);
    expect([ask(text), world.fetches]).toEqual(["401 unknown-key", 2]);
    expect([ask(token(NEW, LASTING)), world.fetches]).toEqual(["ok", 2]);
  });

  test("for a key it does not know, once in each cooldown", () => {
    const world = new World(publishing(OLD));
    const { ask } = world.instance();
    expect(ask(token(OLD, LASTING))).toBe("ok");
    world.answer = publishing(OLD, NEW);
    world.pass(29);
    expect([ask(token(NEW, LASTING)), world.fetches]).toEqual(["401 unknown-key", 1]);
    world.pass(1);
    expect([ask(token(NEW, LASTING)), world.fetches]).toEqual(["ok", 2]);
  });

  test("once for 300 tokens with random keys in a cooldown, over all instances", () => {
    const world = new World(publishing(OLD));
    const doors = [world.instance(), world.instance()];
    const [, body, signature] = token(OLD, CLAIMS).split(".");
    for (let i = 0; i < 300; i++) {
      const header = base64url(JSON.stringify({ alg: "EdDSA", kid: `${Math.random()}` }));
      expect(doors[i % 2]!.ask(`${header}.${body}.${signature}`)).toBe("401 unknown-key");
    }
    expect(world.fetches).toBe(1);
    world.pass(30);
    for (const { ask } of doors) ask(`${base64url('{"alg":"EdDSA","kid":"x"}')}.${body}.${signature}`);
    expect(world.fetches).toBe(2);
  });
});

describe("auth-jwt without an answer of the issuer", () => {
  test.for<[string, Answer, string]>([
    ["500", { status: 500, ...publishing(OLD) }, "the status is 500"],
    ["204", { status: 204 }, "the status is 204"],
    ["a redirect", { status: 302, headers: [["location", "https://evil.example/"]] }, "redirect"],
    ["nothing", { body: "" }, "no JWK Set"],
    ["no JSON", { body: "<html>" }, "no JWK Set"],
    ["a list", { body: "[]" }, "no JWK Set"],
    ["no keys", { body: '{"keys":{}}' }, "no JWK Set"],
    ["a long document", { body: `{"keys":[]}${" ".repeat(65_536)}` }, "more than 65536 characters"],
    ["101 keys", { body: JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) }) }, "100 keys"],
    ["no connection", { error: { tag: "unreachable", val: "no route" } }, "unreachable"],
    ["a time-out", { error: { tag: "timeout" } }, "timeout"],
    ["too much", { error: { tag: "too-large" } }, "too-large"],
    ["a request that is denied", { refusal: { tag: "denied", val: "no grant" } }, "denied"],
  ])("answers 503, and asks again only after the cooldown: %s", ([, answer, logged]) => {
    const world = new World(answer, { cooldownSeconds: 7 });
    const [first, second] = [world.instance(), world.instance()];
    for (const { ask } of [first, second, first]) expect(ask(token(OLD, CLAIMS))).toBe("503 no-keys 7");
    expect(world.fetches).toBe(1);
    expect(messages(first)[0]).toContain("Cannot fetch keys");
    expect(messages(first)[0]).toContain(logged);
    world.answer = publishing(OLD);
    world.pass(7);
    expect(second.ask(token(OLD, CLAIMS))).toBe("ok");
  });

  test("uses old keys for a while, not for ever", () => {
    const world = new World(publishing(OLD), { cacheSeconds: 100, staleSeconds: 200 });
    const { ask } = world.instance();
    const text = token(OLD, LASTING);
    expect(ask(text)).toBe("ok");
    world.answer = { status: 500 };
    world.pass(100);
    expect([ask(text), ask(text), world.fetches]).toEqual(["ok", "ok", 2]);
    // Nobody knows whether the issuer has that key by now.
    expect(ask(token(NEW, LASTING))).toBe("503 no-keys 30");
    world.pass(199);
    expect([ask(text), world.fetches]).toEqual(["ok", 3]);
    world.pass(1);
    expect(ask(text)).toBe("503 no-keys 30");
    expect(world.instance().ask(text)).toBe("503 no-keys 30");
  });
});

/** An instance that looks into the store for each token that it does not know, as the keys are old and there are no others. */
function withOldKeys(): Door & { knows: (text: string) => boolean } {
  const world = new World(publishing(NEW), { cacheSeconds: 1, cooldownSeconds: 3600, claims: ["pad"] });
  const door = world.instance();
  expect(door.ask(token(NEW, LASTING))).toBe("ok");
  world.answer = { status: 500 };
  world.pass(1);
  let reads = 0;
  world.kv.beforeGet = () => void reads++;
  const knows = (text: string): boolean => {
    const before = reads;
    expect(door.ask(text)).toBe("ok");
    return reads === before;
  };
  return { ...door, knows };
}

function tokenOf(sub: string, more: object = {}): string {
  return token(NEW, { ...LASTING, ...more, sub });
}

describe("auth-jwt forgets tokens that it verified, the least recently used first,", () => {
  test("of more than 1,000", () => {
    const { knows } = withOldKeys();
    const texts = Array.from({ length: 1001 }, (_, i) => tokenOf(`user-${i}`));
    for (const text of texts.slice(0, 1000)) expect(knows(text)).toBe(false);
    expect(knows(texts[0]!)).toBe(true);
    expect(knows(texts[1000]!)).toBe(false);
    expect([0, 2, 999, 1000].map((i) => knows(texts[i]!))).toEqual([true, true, true, true]);
    expect(knows(texts[1]!)).toBe(false);
  });

  test("where their callers take more than 256 KiB", () => {
    const { knows } = withOldKeys();
    const pad = "x".repeat(5000);
    const texts = Array.from({ length: 150 }, (_, i) => tokenOf(`user-${i}`, { pad }));
    for (const text of texts) expect(knows(text)).toBe(false);
    // Each that was forgotten takes the room of the next one.
    for (const text of texts) expect(knows(text)).toBe(false);
    expect(texts.slice(-45).every((text) => knows(text))).toBe(true);
  });
});

describe("auth-jwt with other instances", () => {
  const attempt = `auth-jwt/attempt/${JWKS_URI}`;
  const document = `auth-jwt/keys/${JWKS_URI}`;

  test("waits for the one that fetches", () => {
    const world = new World({ status: 500 });
    world.kv.set(attempt, "fetching", 30);
    let reads = 0;
    world.kv.beforeGet = (key) => {
      if (key !== attempt || ++reads !== 5) return;
      world.kv.set(document, JSON.stringify({ fetchedAt: world.kv.now, keys: [OLD.jwk] }));
      world.kv.set(attempt, "done", 30);
    };
    const { ask, instance } = world.instance();
    expect(ask(token(OLD, CLAIMS))).toBe("ok");
    expect([world.fetches, reads, instance.slept]).toEqual([0, 5, 400]);
  });

  test.for([
    [60_000, 6000],
    [3000, 2000],
  ])("waits no longer than a call of %i ms allows: %i ms", ([deadline, slept]) => {
    const world = new World(publishing(OLD));
    world.kv.set(attempt, "fetching", 30);
    const { ask, instance } = world.instance();
    expect(ask(token(OLD, CLAIMS), deadline)).toBe("503 no-keys 30");
    expect([world.fetches, instance.slept]).toEqual([0, slept]);
  });

  test("does not wait with an old key at hand", () => {
    const world = new World(publishing(OLD));
    const { ask, instance } = world.instance();
    const text = token(OLD, LASTING);
    expect(ask(text)).toBe("ok");
    world.pass(700);
    world.kv.set(attempt, "fetching", 30);
    const { slept } = instance;
    expect([ask(text), instance.slept - slept, world.fetches]).toEqual(["ok", 0, 1]);
  });

  test.for(["{", "null", "{}", '{"fetchedAt":"x","keys":[]}', '{"fetchedAt":1,"keys":{}}'])(
    "fetches where the store has something else: %s",
    (stored) => {
      const world = new World(publishing(OLD));
      world.kv.set(document, stored);
      expect(world.instance().ask(token(OLD, CLAIMS))).toBe("ok");
    },
  );

  test("a key in the store that is none does no harm", () => {
    const world = new World(publishing(OLD));
    const keys = [{ ...OLD.jwk, x: "AAAA" }, null, 7];
    world.kv.set(document, JSON.stringify({ fetchedAt: world.kv.now, keys }));
    expect(world.instance().ask(token(OLD, CLAIMS))).toBe("ok");
  });

  test("keys from an instance whose clock is ahead get no older than others", () => {
    const world = new World(publishing(NEW), { staleSeconds: 0 });
    world.kv.set(document, JSON.stringify({ fetchedAt: world.kv.now + 86_400_000, keys: [OLD.jwk] }));
    const { ask } = world.instance();
    expect(ask(token(OLD, LASTING))).toBe("ok");
    world.kv.set(document, JSON.stringify({ fetchedAt: world.kv.now, keys: [OLD.jwk] }));
    world.pass(600);
    expect(ask(token(OLD, LASTING))).toBe("401 unknown-key");
  });

  test("without the store it fetches nothing, and uses what it has", () => {
    const world = new World(publishing(OLD));
    const [first, second] = [world.instance(), world.instance()];
    const text = token(OLD, LASTING);
    expect(first.ask(text)).toBe("ok");
    world.kv.error = { tag: "unavailable", val: "gone" };
    world.pass(700);
    expect([first.ask(text), second.ask(text)]).toEqual(["ok", "503 no-keys 30"]);
    expect(world.fetches).toBe(1);
    expect(messages(second)[0]).toContain("Cannot use the store of keys");
  });
});

describe("auth-jwt leaves out keys", () => {
  const usable = { ...OLD.jwk };
  test.for<[string, object, string]>([
    ["for encryption", { ...usable, use: "enc" }, "not for signatures"],
    ["for signing alone", { ...usable, key_ops: ["sign"] }, "not for verifying"],
    ["that are private", { ...usable, d: "AAAA" }, "private"],
    ["that are secrets", { kty: "oct", kid: "old", alg: "HS256", k: "AAAA" }, "private"],
    ["of another algorithm", { ...usable, alg: "HS256" }, "another algorithm"],
    ["without an algorithm", { ...usable, alg: undefined }, "names no algorithm"],
    ["whose algorithm does not fit", { ...usable, alg: "ES256" }, "does not fit"],
    ["of another curve", { ...usable, crv: "X25519" }, "does not fit"],
    ["of the wrong length", { ...usable, x: "AAAA" }, 'no \\"x\\"'],
    ["of small order", { ...usable, x: base64url(Buffer.from([1, ...Buffer.alloc(31)])) }, "small order"],
    ["off their curve", { ...NEW.jwk, kid: "old", y: NEW.jwk["x"] }, "Keys cannot be used"],
    [
      "with a weak modulus",
      { kty: "RSA", kid: "old", alg: "RS256", n: "w".repeat(171), e: "AQAB" },
      "1024 bits",
    ],
    ["with an exponent of 1", { ...rsa(), e: "AQ" }, "exponent"],
    ["with an exponent of 3", { ...rsa(), e: "Aw" }, "exponent"],
    ["with an even exponent", { ...rsa(), e: "AQAA" }, "exponent"],
    ["with a huge exponent", { ...rsa(), e: "AQAAAAE" }, "exponent"],
    ["with a huge modulus", { ...rsa(), n: "w".repeat(1366) + "w" }, 'no \\"n\\"'],
  ])("%s", ([, jwk, problem]) => {
    const world = new World(publishing(jwk, { ...NEW.jwk }));
    const door = world.instance();
    expect(door.ask(token(OLD, CLAIMS))).toBe("401 unknown-key");
    expect(door.ask(token(NEW, CLAIMS))).toBe("ok");
    expect(messages(door)[0]).toContain(problem);
  });

  test("that share a kid, and those without one beside others", () => {
    const { kid: _, ...nameless } = NEW.jwk;
    const twins = [OLD.jwk, { ...NEW.jwk, kid: "old" }, nameless, { ...nameless }];
    const world = new World(publishing(...twins));
    const door = world.instance();
    expect(door.ask(token(OLD, CLAIMS))).toBe("401 unknown-key");
    expect(messages(door)[0]).toContain('"count":4');
  });

  test("whose algorithm the settings do not allow", () => {
    const world = new World(publishing(OLD, NEW), { algorithms: ["ES256"] });
    const { ask } = world.instance();
    expect([ask(token(NEW, CLAIMS)), ask(token(OLD, CLAIMS))]).toEqual(["ok", "401 unknown-key"]);
  });
});

function rsa(): object {
  return { kty: "RSA", kid: "old", alg: "RS256", n: "w".repeat(342), e: "AQAB" };
}
