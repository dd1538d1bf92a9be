import { beforeAll, describe, expect, test } from "vitest";
import { compileRule } from "../../../src/compose/compile-rule.ts";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";
import { mayAllow } from "../../../src/sdk/rule.ts";
import type { Principal } from "../../../src/sdk/context.ts";
import { authenticating, oneToolProvider } from "../../fixtures/chain-parts.ts";
import { composeError, composeFailure } from "../../fixtures/compose-error.ts";

const ADA: Principal = {
  subject: "ada",
  issuer: "https://id.example",
  scopes: ["a:read", "a:write"],
  roles: ["analyst"],
  claims: { team: "blue", level: 3, groups: ["x", "y"], nothing: null, nested: { "a-b": [true] } },
};

function holds(rule: string, args: unknown = {}, principal = ADA): boolean {
  return mayAllow(compileRule("tool", rule), principal, { value: args });
}

describe("a rule holds", () => {
  test.for<[string, object?]>([
    ['principal.subject == "ada"'],
    ["principal.subject == 'ada' && principal.issuer != 'other'"],
    ['"a:read" in principal.scopes'],
    ['!("admin" in principal.roles)'],
    ['principal.claims["team"] == "blue"'],
    ['principal.claims.nested["a-b"][0] == true'],
    ["principal.claims.level >= 3"],
    ["principal.claims.level < 3.5 && principal.claims.level > -1"],
    ["principal.claims.nothing == null"],
    ["principal.claims.team != null"],
    ["has(principal.claims.team) && !has(principal.claims.rank)"],
    ['"team" in principal.claims'],
    ["principal.claims.groups == ['x', 'y']"],
    ["size(principal.claims.groups) == 2 && size(principal.claims.nested) == 1"],
    ["arguments.team == principal.claims.team", { team: "blue" }],
    ["arguments.path.startsWith('/home/') && !arguments.path.contains('..')", { path: "/home/ada" }],
    ["arguments.path.endsWith('.md')", { path: "a.md" }],
    ["arguments.text.size() == 3", { text: "a😀b" }],
    ["arguments.n in [1, 2.5, 'x', null]", { n: 2.5 }],
    ["arguments.list[1] == 'b'", { list: ["a", "b"] }],
    ["arguments.a < arguments.b", { a: "a", b: "b" }],
    ["has(arguments.x) && arguments.x == 1 || !has(arguments.x)", {}],
    ["arguments.missing == 1 || principal.subject == 'ada'"],
    ["true"],
  ])("%s", ([rule, args]) => {
    expect(holds(rule, args)).toBe(true);
  });
});

describe("a rule does not hold", () => {
  test.for<[string, unknown?]>([
    ['principal.subject == "eve"'],
    ["principal.clientId == 'x'"],
    ["principal.clientId != 'x'"],
    ["principal.claims.rank != 'low'"],
    ["!(principal.claims.rank == 'low')"],
    ["principal.claims.level == '3'"],
    ["principal.claims.level != '3'"],
    ["principal.claims.team < 5"],
    ["principal.claims.team.size == 4"],
    ["principal.claims.toString == principal.claims.toString"],
    ["has(principal.claims.constructor)"],
    ["'__proto__' in arguments"],
    ["arguments.length == 0", []],
    ["arguments.x == 1", []],
    ["arguments.x == 1", "x"],
    ["arguments.x == 1", null],
    ["arguments[0] == 1", []],
    ["arguments.x == true", { x: "true" }],
    ["'a' in arguments.x", { x: "abc" }],
    ["arguments.x.startsWith('a')", { x: ["a"] }],
    ["size(arguments.x) == 0", { x: 0 }],
    ["arguments.x && true", { x: 1 }],
    ["!arguments.x", { x: 0 }],
    ["false"],
  ])("%s", ([rule, args]) => {
    expect(holds(rule, args)).toBe(false);
  });
});

test("a caller without roles and claims has none, and rules about them have a value", () => {
  const bare = { subject: "bot", issuer: "x", scopes: [] };
  expect(holds("!('admin' in principal.roles) && size(principal.claims) == 0", {}, bare)).toBe(true);
});

describe("without arguments a rule may hold", () => {
  const open: [string, boolean][] = [
    ["arguments.x == 1", true],
    ["!(arguments.x == 1)", true],
    ["has(arguments.x)", true],
    ["principal.subject == 'ada' && arguments.x == 1", true],
    ["principal.subject == 'eve' && arguments.x == 1", false],
    ["principal.subject == 'eve' || arguments.x == 1", true],
    ["principal.subject == 'ada' || arguments.x == 1", true],
    ["!(principal.subject == 'ada' || arguments.x == 1)", false],
    ["!(principal.subject == 'eve' && arguments.x == 1)", true],
    ["principal.claims.rank == 1 && arguments.x == 1", false],
    ["!(principal.claims.rank == 1 && arguments.x == 1)", true],
    ["principal.claims.rank == arguments.x", false],
    ["[principal.claims.rank, arguments.x] == [1, 2]", false],
    ["size(arguments) == 1 || principal.claims.rank == 1", true],
  ];
  test.for(open)("%s: %s", ([rule, expected]) => {
    expect(mayAllow(compileRule("tool", rule), ADA, undefined)).toBe(expected);
  });

  test("wherever it holds for some arguments", () => {
    const atoms = [
      "arguments.x == 1",
      "has(arguments.y)",
      "principal.subject == 'ada'",
      "principal.subject == 'eve'",
      "principal.claims.rank == 1",
    ];
    const given = [{}, { x: 1 }, { x: 2 }, { y: 1 }, { x: 1, y: 1 }, { x: "1" }];
    const pairs = atoms.flatMap((a) => atoms.flatMap((b) => [`(${a} && ${b})`, `(${a} || ${b})`]));
    const rules = [
      ...pairs,
      ...pairs.flatMap((pair) => [`!${pair}`, ...atoms.map((c) => `!${pair} && ${c}`)]),
    ];
    const wrong = rules.filter(
      (rule) => given.some((args) => holds(rule, args)) && !mayAllow(compileRule("t", rule), ADA, undefined),
    );
    expect(rules.length).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  });
});

describe("a rule is refused", () => {
  test.for<[string, string, number]>([
    ["", "it is not CEL", 0],
    ["principal.subject ==", "it is not CEL", 20],
    ["'abc", "it is not CEL: Unterminated string", 0],
    ["principle.subject == 'a'", 'there is no "principle": did you mean "principal"?', 0],
    ["principal.subjct == 'a'", 'there is no "principal.subjct": did you mean "principal.subject"?', 10],
    ["principal.name == 'a'", 'there is no "principal.name"', 10],
    ["true && request.time > 1", 'there is no "request"', 8],
    ["principal.scopes.exists(s, s == 'a')", '"exists" is not supported', 0],
    ["arguments.x.matches('a*')", '"matches" is not supported', 0],
    ["arguments.x + 1 == 2", '"+" is not supported', 0],
    ["arguments.x == 1 ? true : false", '"?:" is not supported', 0],
    ["arguments == {'a': 1}", '"map" is not supported', 13],
    ["arguments.x == 5u", "literals are texts, numbers, true, false and null", 15],
    ["arguments.x == b'a'", "literals are texts", 15],
    ["arguments.x == 9007199254740993", "the number is too large", 15],
    ["arguments[arguments.x] == 1", "an index is a text or a whole number", 10],
    ["[1, 2][0] == 1", "members are those of principal and arguments", 0],
    ["-arguments.x == 1", "it computes", 0],
    ["has(principal) && true", "has() takes a member", 0],
    ["has('a')", "has() takes a member", 0],
    ["size(1, 2) == 1", '"size" is given another number of values', 0],
    ["principal.subject", "it is no condition", 0],
    ["size(principal.scopes)", "it is no condition", 0],
    ["'true'", "it is no condition", 0],
    [`${"(".repeat(40)}true${")".repeat(40)} && ${"!".repeat(40)}true`, "it is nested too deeply", 0],
    [`'${"x".repeat(2048)}' == 'y'`, "it has more than 2048 characters", 2048],
  ])("%s", ([rule, problem]) => {
    const compile = (): unknown => compileRule("add", rule);
    expect(compile).toThrow(ToolkitError);
    expect(compile).toThrow(`Cannot use the rule of tool "add": ${problem}`);
  });
});

describe("a server", () => {
  let base: ComposeInput;
  beforeAll(async () => {
    base = {
      name: "acme",
      version: "1.0.0",
      access: "authenticated",
      providers: [{ as: "weather", bytes: await oneToolProvider() }],
      middleware: [{ as: "auth", bytes: await authenticating() }],
    };
  });

  test("shows where in a rule its mistake is", async () => {
    const { manifest } = await compose(base);
    const tool = manifest.tools[0]!.name;
    const rules = { [tool]: "principal.claims.team == 'blue' && arguments.x.matches('a')" };
    const error = await composeFailure({ ...base, rules });
    expect(error.at).toEqual(["rules", tool]);
    expect(error.details).toEqual([
      "principal.claims.team == 'blue' && arguments.x.matches('a')",
      "                                   ^",
    ]);
  });

  test("refuses a rule for a tool that nothing defines, with the nearest name", async () => {
    const { manifest } = await compose(base);
    const tool = manifest.tools[0]!.name;
    expect(await composeError({ ...base, rules: { [`${tool}x`]: "true" } })).toContain(
      `Did you mean "${tool}"?`,
    );
  });

  test.for(["roles", "rules"] as const)("without authentication refuses %s", async (member) => {
    const value = { roles: { analyst: ["a"] }, rules: { x: "true" } }[member];
    const error = await composeFailure({ ...base, access: "public", middleware: [], [member]: value });
    expect(error.code).toBe("ERR_COMPOSE_ACCESS");
    expect(error.at).toEqual([member]);
  });

  test("keeps roles and rules in its manifest, and both change the digest of its policy", async () => {
    const tool = (await compose(base)).manifest.tools[0]!.name;
    const [plain, withRoles, withRules] = await Promise.all([
      compose(base),
      compose({ ...base, roles: { analyst: ["a:read"] } }),
      compose({ ...base, rules: { [tool]: "arguments.x == 1" } }),
    ]);
    expect(withRoles.manifest.roles).toEqual({ analyst: ["a:read"] });
    expect(withRules.manifest.rules).toEqual({ [tool]: "arguments.x == 1" });
    const digests = [plain, withRoles, withRules].map(({ manifest }) => manifest.policyDigest);
    expect(new Set(digests).size).toBe(3);
  });
});
