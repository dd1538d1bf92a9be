import { describe, expect, test } from "vitest";
import { defineAuthentication, type Principal, type Verdict } from "../../../src/sdk/index.ts";
import { handleMiddleware } from "../../../src/sdk/handle-middleware.ts";
import { createLog } from "../../../src/sdk/log.ts";
import type { Outcome, Request } from "../../../src/sdk/messages.ts";

const ADA: Principal = { subject: "ada", issuer: "x", scopes: ["a"] };
const CONTEXT = JSON.stringify({
  requestId: "1",
  principal: { subject: "forged", issuer: "x", scopes: ["all"] },
});

interface Around {
  verdict?: () => Verdict | Promise<Verdict>;
  server?: object;
  entries?: Record<string, object>;
  answer?: Outcome;
  authorization?: string | null;
}

/** A handler behind authentication, and what reached it. */
async function handle(request: Request, around: Around = {}) {
  const {
    verdict = () => ({ principal: ADA }),
    server = {},
    entries = {},
    authorization = "Bearer a",
  } = around;
  const passed: { principal?: Principal }[] = [];
  const facts: object = {};
  const looked: string[] = [];
  const definition = defineAuthentication({ name: "auth", version: "1.0.0", authenticate: verdict });
  const outcome = await handleMiddleware(definition, {
    log: createLog(() => {}),
    services: {},
    authorization: () => authorization,
    audit: { record: (text) => void Object.assign(facts, JSON.parse(text)), take: () => "[]" },
    catalog: (kind, name) => {
      looked.push(`${kind} ${name}`);
      const entry = kind === "server" ? server : entries[`${kind} ${name}`];
      return entry && JSON.stringify(entry);
    },
    next: (context) => {
      passed.push(JSON.parse(context) as object);
      return around.answer ?? { tag: "success", val: "{}" };
    },
  })(CONTEXT, request);
  return { outcome, passed, facts, looked };
}

const LIST: Request = { id: "1", method: "tools/list", params: "{}" };

function authenticate(): Verdict {
  return { principal: ADA };
}

function unexpected(): never {
  throw new Error("it was checked");
}

function withRoles(): Verdict {
  return { principal: { ...ADA, roles: ["constructor", "__proto__", "r"] } };
}

describe("defineAuthentication", () => {
  test("refuses definitions that would not authenticate every request", () => {
    const base = { name: "auth", version: "1.0.0" };
    const define = defineAuthentication as (definition: object) => unknown;
    expect(() => define(base)).toThrow(
      'Cannot define authentication "auth": it has no authenticate function',
    );
    for (const more of [{ handle: () => {} }, { methods: ["tools/call"] }]) {
      expect(() => define({ ...base, authenticate, ...more })).toThrow("authenticates every request itself");
    }
    expect(define({ ...base, authenticate })).toMatchObject({ authenticates: {} });
  });

  test("replaces a principal that was there before", async () => {
    const { passed } = await handle(LIST);
    expect(passed.map(({ principal }) => principal)).toEqual([ADA]);
  });

  test.for<[string, unknown]>([
    ["nothing", undefined],
    ["an empty verdict", {}],
    ["true", true],
    ["a principal without a subject", { principal: { issuer: "x", scopes: [] } }],
    ["an empty subject", { principal: { subject: "", issuer: "x", scopes: [] } }],
    ["a number for a subject", { principal: { subject: 1, issuer: "x", scopes: [] } }],
    ["no scopes", { principal: { subject: "a", issuer: "x" } }],
    ["scopes in one text", { principal: { subject: "a", issuer: "x", scopes: "a b" } }],
    ["roles that are no texts", { principal: { ...ADA, roles: [{}] } }],
    ["claims that are a list", { principal: { ...ADA, claims: [] } }],
    ["null for a principal", { principal: null }],
  ])("lets nothing through for %s", async ([, verdict]) => {
    const { outcome, passed } = await handle(LIST, { verdict: () => verdict as Verdict });
    expect(outcome).toEqual({ tag: "failure", val: { code: -32_603, message: "Internal error" } });
    expect(passed).toEqual([]);
  });

  test.for<[string, () => Promise<Verdict>]>([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
  ])("lets nothing through where the check %s, and records it", async ([, verdict]) => {
    const { outcome, passed, facts } = await handle(LIST, { verdict });
    expect(outcome).toMatchObject({ tag: "failure" });
    expect(passed).toEqual([]);
    expect(facts).toEqual({ decision: "deny", reason: "authentication-failed" });
  });

  test.for([null, "", " \t"])("does not check the credential %j", async (authorization) => {
    const { outcome } = await handle(LIST, { authorization, verdict: unexpected });
    expect(outcome).toMatchObject({ tag: "refused", val: { status: 401 } });
  });

  test.for<[number | undefined, string]>([
    [undefined, "1"],
    [0, "1"],
    [-5, "1"],
    [2.1, "3"],
    [Number.NaN, "1"],
    [Number.POSITIVE_INFINITY, "86400"],
  ])("says to try again after %s seconds: %s", async ([retryAfterSeconds, field]) => {
    const verdict = (): Verdict => ({
      unavailable: "x",
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
    const { outcome } = await handle(LIST, { verdict });
    expect(outcome).toMatchObject({ val: { status: 503, headers: [["retry-after", field]] } });
  });
});

describe("a list", () => {
  test("of a server where all is for everyone is not even parsed, and no entry is looked up", async () => {
    const answer: Outcome = { tag: "success", val: "this is no JSON" };
    const { outcome, looked } = await handle(LIST, { answer });
    expect(outcome).toEqual(answer);
    expect(looked).toEqual(["server "]);
  });

  test("keeps its members and its cursor when entries are taken out", async () => {
    const restricted = { tools: ["b"] };
    const entries = { "tool b": { scopes: ["z"] } };
    const val = '{"ttlMs":5,"cacheScope":"private","tools":[{"name":"a"},{"name":"b"}],"nextCursor":"c"}';
    const { outcome } = await handle(LIST, {
      server: { restricted },
      entries,
      answer: { tag: "success", val },
    });
    expect(outcome).toEqual({
      tag: "success",
      val: '{"ttlMs":5,"cacheScope":"private","tools":[{"name":"a"}],"nextCursor":"c"}',
    });
  });

  test("that is none, or has entries without names, shows nothing", async () => {
    const server = { restricted: { tools: ["b"] } };
    for (const val of ["no JSON", "[]", '{"tools":5}', '{"prompts":[]}']) {
      const { outcome } = await handle(LIST, { server, answer: { tag: "success", val } });
      expect(outcome).toMatchObject({ tag: "failure", val: { message: "Internal error" } });
    }
    const val = '{"tools":[{},null,"b",{"name":1},{"name":"a"}]}';
    const { outcome } = await handle(LIST, { server, answer: { tag: "success", val } });
    expect(outcome).toEqual({ tag: "success", val: '{"tools":[{"name":"a"}]}' });
  });

  test("of resources hides what a dynamic provider made up and only a template with scopes reads", async () => {
    const server = { restricted: { resourceTemplates: ["docs://{+path}"] } };
    const entries = { "resource-template docs://{+path}": { scopes: ["z"] }, "resource docs://b": {} };
    const val = '{"resources":[{"uri":"docs://a"},{"uri":"docs://b"},{"uri":"other://a"}]}';
    const request = { ...LIST, method: "resources/list" };
    const { outcome } = await handle(request, { server, entries, answer: { tag: "success", val } });
    expect(outcome).toEqual({
      tag: "success",
      val: '{"resources":[{"uri":"docs://b"},{"uri":"other://a"}]}',
    });
  });

  test("that could not be given is passed on", async () => {
    const answer: Outcome = { tag: "failure", val: { code: -32_602, message: "No such cursor" } };
    const { outcome } = await handle(LIST, { server: { restricted: { tools: ["b"] } }, answer });
    expect(outcome).toEqual(answer);
  });
});

test("names that every object has are no names of roles", async () => {
  const { passed } = await handle(LIST, { verdict: withRoles, server: { roles: { r: ["b"] } } });
  expect(passed[0]!.principal!.scopes).toEqual(["a", "b"]);
});
