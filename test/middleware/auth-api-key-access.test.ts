import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { defineAuthentication, type Outcome, type Principal, type Request, type Rule } from "tenon";
import { handleMiddleware } from "../../src/sdk/handle-middleware.ts";
import { createLog } from "../../src/sdk/log.ts";
import { mayAllow } from "../../src/sdk/rule.ts";
import { compileComponent, CONTEXT, type CompiledComponent } from "../fixtures/compiled-component.ts";

// The middleware decides on its own what the SDK decides for others: both must come to the same.
const KEY = "a-key-that-nobody-guesses";
const SETTING = {
  id: "laptop",
  sha256: createHash("sha256").update(KEY).digest("hex"),
  subject: "ada",
  scopes: ["a", "b"],
  roles: ["r", "s", "constructor"],
};
const ADA: Principal = {
  subject: "ada",
  issuer: "api-key",
  clientId: "laptop",
  scopes: ["a", "b"],
  roles: ["r", "s", "constructor"],
};
const OK: Outcome = { tag: "success", val: "{}" };

let component: CompiledComponent;

beforeAll(async () => {
  component = await compileComponent(await readFile("dist/components/auth-api-key.wasm"));
});

type Entries = Record<string, object>;

/** What the component answers with a catalog, which may change between requests but for the entry of the server. */
function authenticated(catalog: Entries, answer: () => Outcome = () => OK) {
  const passed: unknown[] = [];
  const instance = component.instantiate({
    settings: { keys: [SETTING] },
    authorization: `Bearer ${KEY}`,
    catalog,
    next: (context) => {
      passed.push(JSON.parse(context));
      return answer();
    },
  });
  return { handle: (request: Request) => instance.handle(request), facts: instance.facts, passed };
}

/** The same by the SDK. */
async function expected(request: Request, catalog: Entries, answer: Outcome) {
  const passed: unknown[] = [];
  const facts = {};
  const definition = defineAuthentication({
    name: "auth-api-key",
    version: "1.0.0",
    authenticate: () => ({ principal: ADA }),
  });
  const outcome = await handleMiddleware(definition, {
    log: createLog(() => {}),
    services: {},
    authorization: () => `Bearer ${KEY}`,
    audit: { record: (text) => void Object.assign(facts, JSON.parse(text)), take: () => "[]" },
    catalog: (kind, name) => {
      const entry = catalog[`${kind} ${name}`];
      return entry && JSON.stringify(entry);
    },
    next: (context) => {
      passed.push(JSON.parse(context));
      return answer;
    },
  })(CONTEXT, request);
  return { outcome: comparable(outcome), facts, passed };
}

/** A list is the same however its JSON is written. */
function comparable(outcome: Outcome): unknown {
  return outcome.tag === "success" ? { ...outcome, val: JSON.parse(outcome.val) as unknown } : outcome;
}

/** Names and texts that often are the same, or almost. */
const text = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "b",
    "ab",
    "aab",
    "\u00e9",
    "\uffff",
    "\u{1f600}",
    "a\u{1f600}b",
    "\ud83d",
    "\ude00",
    "\ufffd",
  ),
  fc.string({
    unit: fc.constantFrom("a", "b", "\\", '"', "\n", "\ud83d", "\ude00", "\uff61", "\u{10000}"),
    maxLength: 5,
  }),
);
const key = fc.constantFrom("a", "b", "constructor", "__proto__", "length", "\u00e9", "\ud83d");

/** A JSON number, in one of the ways to write it. */
const numberText = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "0.0",
    "1",
    "1.0",
    "10e-1",
    "0.1e1",
    "2",
    "100",
    "1E2",
    "1e400",
    "-1e400",
    "1e-400",
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.integer({ min: -3, max: 3 }).map(String),
);

/** What a client may write for a string. */
function written(value: string, escapes: boolean): string {
  const json = JSON.stringify(value);
  return escapes
    ? `"${value.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`
    : json;
}
const stringText = fc.tuple(text, fc.boolean()).map(([value, escapes]) => written(value, escapes));
const space = fc.constantFrom("", " ", "\n\t ");

const { value: valueText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "json" },
    stringText,
    numberText,
    fc.constantFrom("true", "false", "null"),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 3, depthIdentifier: "json" }), space)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},`)}]`),
    fc
      .tuple(
        fc.array(fc.tuple(fc.tuple(key, fc.boolean()), tie("value")), {
          maxLength: 3,
          depthIdentifier: "json",
        }),
        space,
      )
      .map(
        ([members, gap]) =>
          `{${gap}${members.map(([[name, escapes], value]) => `${written(name, escapes)}${gap}:${value}`).join(",")}${gap}}`,
      ),
  ),
}));

const path = fc.array(fc.oneof(key, fc.constantFrom(0, 1, -1, 0.5)), { maxLength: 2 });
const binary = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "in", "startsWith", "endsWith", "contains");
const { rule: anyRule } = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 4, depthIdentifier: "rule" },
    fc
      .oneof(
        text,
        fc.integer({ min: -2, max: 2 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      )
      .map((value) => ({ value })),
    path.map((keys) => ({ get: ["arguments", ...keys] as const })),
    fc
      .constantFrom<(string | number)[]>(
        [],
        ["subject"],
        ["clientId"],
        ["scopes"],
        ["roles"],
        ["roles", 1],
        ["claims"],
        ["claims", "a"],
      )
      .map((keys) => ({ get: ["principal", ...keys] as const })),
    fc.array(tie("rule"), { maxLength: 3, depthIdentifier: "rule" }).map((list) => ({ list })),
    fc.tuple(binary, tie("rule"), tie("rule")).map(([op, a, b]) => ({ op, of: [a, b] }) as Rule),
    fc.tuple(fc.constantFrom("!", "has", "size"), tie("rule")).map(([op, a]) => ({ op, of: [a] }) as Rule),
    fc
      .tuple(
        fc.constantFrom("&&", "||"),
        fc.array(tie("rule"), { minLength: 1, maxLength: 3, depthIdentifier: "rule" }),
      )
      .map(([op, of]) => ({ op, of }) as Rule),
  ),
}));

describe("auth-api-key decides by rules as the SDK does", () => {
  /** Whether a call gets through, and whether the tool is listed. */
  function decider(): (rule: Rule, args?: string) => readonly [called: boolean, listed: boolean] {
    const catalog: Entries = { "server ": { restricted: { tools: ["t"] } } };
    const { handle } = authenticated(catalog, () => ({ tag: "success", val: '{"tools":[{"name":"t"}]}' }));
    return (rule, args) => {
      catalog["tool t"] = { rule };
      const params = args === undefined ? "{}" : `{"arguments":${args}}`;
      const called = handle({ id: "1", method: "tools/call", target: "t", params });
      const listed = handle({ id: "1", method: "tools/list", params: "{}" });
      if (called.tag === "failure" || listed.tag !== "success")
        throw new Error(JSON.stringify([called, listed]));
      return [called.tag === "success", listed.val.includes('"t"')];
    };
  }

  test("whatever a client writes", () => {
    const decide = decider();
    fc.assert(
      fc.property(anyRule, valueText, (rule, args) => {
        // What a rule is when it comes out of the catalog.
        const read = JSON.parse(JSON.stringify(rule)) as Rule;
        const given = { value: JSON.parse(args) as unknown };
        expect(decide(rule, args)).toEqual([mayAllow(read, ADA, given), mayAllow(read, ADA, undefined)]);
      }),
      { numRuns: 1000 },
    );
  });

  test("with two values of whatever a client writes", () => {
    const decide = decider();
    const operand = (name: string) => ({ get: ["arguments", name] }) as const;
    fc.assert(
      fc.property(binary, fc.oneof(valueText, stringText), fc.oneof(valueText, stringText), (op, a, b) => {
        const rule: Rule = { op, of: [operand("a"), operand("b")] };
        const args = `{"a":${a},"b":${b}}`;
        expect(decide(rule, args)[0]).toBe(mayAllow(rule, ADA, { value: JSON.parse(args) as unknown }));
      }),
      { numRuns: 1000 },
    );
  });

  /** Digits of which it is hard to say to which number of 64 bits they are nearest. */
  const hard = fc
    .tuple(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), fc.constantFrom("", "0", "1", "9"))
    .map(([value, more]) => {
      const bits = new BigUint64Array(new Float64Array([value]).buffer)[0]!;
      const exponent = Number(bits >> 52n);
      const mantissa = (bits & ((1n << 52n) - 1n)) | (exponent === 0 ? 0n : 1n << 52n);
      // What lies in the middle of two numbers, in all its digits.
      const shift = Math.max(exponent, 1) - 1076;
      const middle = (2n * mantissa + 1n) * 2n;
      const [digits, power] =
        shift >= 0 ? [middle << BigInt(shift), 0] : [middle * 5n ** BigInt(-shift), shift];
      return `${digits}${more}e${power - more.length}`;
    });
  const digits = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.integer({ min: -345, max: 310 }))
    .map(([all, power]) => `${all}e${power}`);

  test("with numbers that have to be rounded", () => {
    const decide = decider();
    fc.assert(
      fc.property(fc.oneof(numberText, hard, digits), (number) => {
        const value = JSON.parse(number) as number;
        const rule: Rule = Number.isFinite(value)
          ? { op: "==", of: [{ get: ["arguments", 0] }, { value }] }
          : { op: ">", of: [{ get: ["arguments", 0] }, { value: Number.MAX_VALUE }] };
        if (value === Number.NEGATIVE_INFINITY) return;
        expect([number, decide(rule, `[${number}]`)[0]]).toEqual([number, true]);
      }),
      { numRuns: 1000 },
    );
  });

  test.for<[string, Rule | object]>([
    ["an unknown operator", { op: "matches", of: [{ value: "a" }, { value: "a" }] }],
    [
      "an unknown operator that something else would make up for",
      { op: "||", of: [{ value: true }, { op: "?", of: [{ value: 1 }] }] },
    ],
    ["no operands", { op: "&&", of: [] }],
    ["nothing", {}],
    ["a text", "true"],
    ["a list that is none", { op: "!", of: [{ op: "==", of: [{ list: 5 }, { value: 1 }] }] }],
    ["a path that is none", { op: "!", of: [{ get: [] }] }],
  ])("and not where a rule is %s", ([, rule]) => {
    expect(decider()(rule as Rule, "{}")).toEqual([false, false]);
  });

  test("however deep lists lie in one another", () => {
    let rule: Rule = { value: 1 };
    for (let depth = 0; depth < 31; depth++) rule = { list: [rule] };
    const of = [{ get: ["arguments"] as const }, rule];
    expect(decider()({ op: "==", of }, `${"[".repeat(31)}1.0${"]".repeat(31)}`)[0]).toBe(true);
  });
});

const scopes = fc.option(fc.uniqueArray(fc.constantFrom("a", "b", "c", "c!", "d"), { maxLength: 3 }), {
  nil: undefined,
});
const policy = fc.record({ scopes, rule: fc.option(anyRule, { nil: undefined }) });
const uri = fc.oneof(
  fc.constantFrom(
    "docs://a",
    "docs://a/b",
    "docs://",
    "other:a",
    "docs://\u00e9",
    "docs://a?q=1",
    "docs://a?q=%",
    "docs://%C3%A9",
    "docs://%ED%A0%80",
  ),
  fc.string({
    unit: fc.constantFrom(
      "docs:",
      "/",
      "a",
      "b",
      "?",
      "q=",
      "&",
      "p=",
      "%41",
      "%C3",
      "#",
      ";",
      ",",
      ".",
      "\u{1f600}",
    ),
    maxLength: 9,
  }),
);
const expression = fc.tuple(
  fc.constantFrom("", "+", "#", ".", "/", ";", "?", "&", "=", "*"),
  fc.constantFrom("a", "a,b", "q", "q,p", "b", "a.b", "a*", "a:1", "", "a..b"),
);
const template = fc.oneof(
  fc.constantFrom(
    "docs://{a}",
    "docs://{+a}",
    "docs://{a}/{b}",
    "docs://{a}{?q}",
    "docs://{a}{?q,p}",
    "{x}",
    "docs://a",
    "docs:{/a,b}",
    "docs:{;a}",
    "docs://{a}}",
    "docs://{{a}",
  ),
  fc
    .array(
      fc.oneof(
        fc.constantFrom("docs:", "/", "//", "a", "?", "b", "{", "}", "%41", "^"),
        expression.map(([operator, names]) => `{${operator}${names}}`),
      ),
      { maxLength: 5 },
    )
    .map((parts) => `docs:${parts.join("")}`),
);
const offered = fc.record({
  tools: fc.dictionary(fc.constantFrom("t", "u", "v"), policy),
  prompts: fc.dictionary(fc.constantFrom("t", "u"), policy),
  resources: fc.array(fc.tuple(uri, policy), { maxLength: 3 }).map((each) => Object.fromEntries(each)),
  resourceTemplates: fc
    .array(fc.tuple(template, policy), { maxLength: 4 })
    .map((each) => Object.fromEntries(each)),
});
const KINDS = {
  tools: "tool",
  prompts: "prompt",
  resources: "resource",
  resourceTemplates: "resource-template",
} as const;

/** A catalog of which some is restricted. */
const catalogs = fc
  .tuple(
    offered,
    fc.array(fc.constantFrom("tools", "prompts", "resources", "resourceTemplates"), { minLength: 1 }),
    fc.array(uri, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([all, lists, open, hasRoles]) => {
    const catalog: Entries = {};
    const restricted: Record<string, string[]> = {};
    for (const list of new Set(lists)) {
      restricted[list] = Object.keys(all[list as keyof typeof all]);
      for (const [name, entry] of Object.entries(all[list as keyof typeof all])) {
        catalog[`${KINDS[list as keyof typeof KINDS]} ${name}`] = entry;
      }
    }
    for (const name of open) catalog[`resource ${name}`] ??= {};
    catalog["server "] = {
      restricted,
      ...(hasRoles && { roles: { r: ["c", "a"], s: [], other: ["d"] } }),
      protectedResourceMetadata: "https://mcp.example/metadata",
    };
    return catalog;
  });

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "tools/call",
        "tasks/get",
        "prompts/get",
        "completion/complete",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "ping",
      ),
      fc.oneof(fc.constantFrom("t", "u", "w"), uri, template),
      valueText,
    )
    .map(([method, target, args]) => ({ id: "1", method, target, params: `{"arguments":${args}}` })),
  fc.array(uri, { maxLength: 3 }).map((uris) => ({
    id: "1",
    method: "subscriptions/listen",
    params: JSON.stringify({ notifications: { resourceSubscriptions: uris } }),
  })),
);

describe("auth-api-key lets a caller use and see what the SDK does", () => {
  test("whatever is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogs,
        fc.array(requests, { minLength: 1, maxLength: 5 }),
        async (catalog, asked) => {
          for (const request of asked) {
            const { handle, facts, passed } = authenticated(catalog);
            const outcome = comparable(handle(request));
            expect({ outcome, facts, passed }).toEqual(await expected(request, catalog, OK));
          }
        },
      ),
      { numRuns: 250 },
    );
  });

  const entry = fc.record(
    {
      name: fc.oneof(fc.constantFrom("t", "u", "w"), fc.integer()),
      uri: fc.oneof(uri, fc.constant(null)),
      uriTemplate: template,
    },
    { requiredKeys: [] },
  );
  const lists = fc
    .record(
      {
        tools: fc.array(entry),
        prompts: fc.array(entry),
        resources: fc.array(entry),
        resourceTemplates: fc.array(entry),
        nextCursor: text,
      },
      { requiredKeys: [] },
    )
    .map((result) => ({ tag: "success", val: JSON.stringify(result) }) as Outcome);

  test("whatever a list has", async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogs,
        fc.constantFrom("tools/list", "prompts/list", "resources/list", "resources/templates/list", "ping"),
        lists,
        async (catalog, method, answer) => {
          const { handle, facts, passed } = authenticated(catalog, () => answer);
          const outcome = comparable(handle({ id: "1", method, params: "{}" }));
          expect({ outcome, facts, passed }).toEqual(
            await expected({ id: "1", method, params: "{}" }, catalog, answer),
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});
