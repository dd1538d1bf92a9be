import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Rule } from "tenon";
import { mayAllow } from "../../src/sdk/rule.ts";
import {
  ADA,
  AUTHENTICATING,
  authenticatedBy,
  compileAuthenticating,
  type Entries,
} from "../fixtures/authenticated-caller.ts";
import { anyRule, binary, numberText, stringText, valueText } from "../fixtures/rule-inputs.ts";

// Middleware without an engine evaluates rules on its own: it must come to what the SDK comes to.
beforeAll(compileAuthenticating);

/** Whether a call gets through, and whether the tool is listed. */
function decidedBy(
  name: (typeof AUTHENTICATING)[number],
): (rule: Rule, args?: string) => readonly [called: boolean, listed: boolean] {
  const catalog: Entries = { "server ": { restricted: { tools: ["t"] } } };
  const { handle } = authenticatedBy(name, catalog, () => ({
    tag: "success",
    val: '{"tools":[{"name":"t"}]}',
  }));
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

/** A member of the arguments. */
function argument(name: string): Rule {
  return { get: ["arguments", name] };
}

describe.each(AUTHENTICATING)("%s decides by rules as the SDK does", (name) => {
  test("whatever a client writes", () => {
    const decide = decidedBy(name);
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
    const decide = decidedBy(name);
    fc.assert(
      fc.property(binary, fc.oneof(valueText, stringText), fc.oneof(valueText, stringText), (op, a, b) => {
        const rule: Rule = { op, of: [argument("a"), argument("b")] };
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
    const decide = decidedBy(name);
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

  test.for<[string, unknown]>([
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
    expect(decidedBy(name)(rule as Rule, "{}")).toEqual([false, false]);
  });

  test("however deep lists lie in one another", () => {
    let rule: Rule = { value: 1 };
    for (let depth = 0; depth < 31; depth++) rule = { list: [rule] };
    const of = [{ get: ["arguments"] as const }, rule];
    expect(decidedBy(name)({ op: "==", of }, `${"[".repeat(31)}1.0${"]".repeat(31)}`)[0]).toBe(true);
  });
});
