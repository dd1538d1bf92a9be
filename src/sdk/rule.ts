import type { Rule, RuleOperator } from "./catalog.ts";
import type { Principal } from "./context.ts";
import { isObject } from "./tool-result.ts";

/** The arguments of a call, in an object so that their absence is another thing. */
export interface Arguments {
  readonly value: unknown;
}

/** In the place of a value: there is none, because a member is not there, or an operand has the wrong type. */
const FAILED = Symbol("failed");

/** In the place of a value that depends on arguments which are not known: what it may come to. */
class Open {
  readonly may: Ends;

  constructor(may: Ends) {
    this.may = may;
  }
}

interface Ends {
  readonly hold: boolean;
  readonly not: boolean;
  readonly fail: boolean;
}

const ANYTHING = new Open({ hold: true, not: true, fail: true });
type Result = unknown;

/**
 * Whether a rule is true, or without arguments: whether it is true for some. What has no value, such as a member that is not there
 * or a comparison of a text with a number, is not true.
 */
export function mayAllow(rule: Rule, principal: Principal, given: Arguments | undefined): boolean {
  return endsOf(evaluate(rule, { roles: [], claims: {}, ...principal }, given)).hold;
}

function evaluate(rule: Rule, principal: Principal, given: Arguments | undefined): Result {
  const valueOf = (each: Rule): Result => evaluate(each, principal, given);
  if ("value" in rule) return rule.value;
  if ("list" in rule) return applied(rule.list.map(valueOf), (items) => items);
  if ("get" in rule) {
    const [root, ...path] = rule.get;
    if (root === "principal") return member(principal, path);
    return given === undefined ? ANYTHING : member(given.value, path);
  }
  const { op, of } = rule;
  switch (op) {
    case "&&":
      return resultOf(of.map((each) => endsOf(valueOf(each))).reduce(both));
    case "||":
      return resultOf(opposite(of.map((each) => opposite(endsOf(valueOf(each)))).reduce(both)));
    case "!":
      return resultOf(opposite(endsOf(valueOf(of[0]!))));
    case "has": {
      const found = valueOf(of[0]!);
      return found === ANYTHING ? new Open({ hold: true, not: true, fail: false }) : found !== FAILED;
    }
    default:
      return applied(of.map(valueOf), ([a, b]) => OPERATIONS[op](a, b));
  }
}

/** What a result may come to as a condition. */
function endsOf(result: Result): Ends {
  if (result instanceof Open) return result.may;
  return { hold: result === true, not: result === false, fail: typeof result !== "boolean" };
}

function resultOf({ hold, not, fail }: Ends): Result {
  if (Number(hold) + Number(not) + Number(fail) > 1) return new Open({ hold, not, fail });
  return fail ? FAILED : hold;
}

/** One that is false decides, whatever the other is (CEL, "Logical operators"). */
function both(a: Ends, b: Ends): Ends {
  return {
    hold: a.hold && b.hold,
    not: a.not || b.not,
    fail: (a.fail && (b.hold || b.fail)) || (b.fail && (a.hold || a.fail)),
  };
}

function opposite({ hold, not, fail }: Ends): Ends {
  return { hold: not, not: hold, fail };
}

function applied(values: readonly Result[], work: (values: readonly unknown[]) => Result): Result {
  if (values.includes(FAILED)) return FAILED;
  return values.some((value) => value instanceof Open) ? ANYTHING : work(values);
}

function member(value: unknown, path: readonly (string | number)[]): Result {
  let found = value;
  for (const key of path) {
    if (typeof key === "number" ? !Array.isArray(found) : !isObject(found)) return FAILED;
    if (!Object.hasOwn(found as object, key)) return FAILED;
    found = (found as Record<string | number, unknown>)[key];
  }
  return found === undefined ? FAILED : found;
}

type Operation = (a: unknown, b: unknown) => Result;

const OPERATIONS: Readonly<Record<Exclude<RuleOperator, "!" | "&&" | "has" | "||">, Operation>> = {
  "==": (a, b) => (comparable(a, b) ? isEqual(a, b) : FAILED),
  "!=": (a, b) => (comparable(a, b) ? !isEqual(a, b) : FAILED),
  "<": ordered((order) => order < 0),
  "<=": ordered((order) => order <= 0),
  ">": ordered((order) => order > 0),
  ">=": ordered((order) => order >= 0),
  in: (a, b) => {
    if (Array.isArray(b)) return b.some((item) => isEqual(item, a));
    return isObject(b) && typeof a === "string" ? Object.hasOwn(b, a) : FAILED;
  },
  size: (a) => {
    if (typeof a === "string") return a.length - (a.match(SURROGATE_PAIRS)?.length ?? 0);
    if (Array.isArray(a)) return a.length;
    return isObject(a) ? Object.keys(a).length : FAILED;
  },
  startsWith: ofTexts((a, b) => a.startsWith(b)),
  endsWith: ofTexts((a, b) => a.endsWith(b)),
  contains: ofTexts((a, b) => a.includes(b)),
};

const SURROGATE_PAIRS = /[\ud800-\udbff][\udc00-\udfff]/g;

function ofTexts(compare: (a: string, b: string) => boolean): Operation {
  return (a, b) => (typeof a === "string" && typeof b === "string" ? compare(a, b) : FAILED);
}

function ordered(holds: (order: number) => boolean): Operation {
  return (a, b) => {
    const fits = typeof a === typeof b && (typeof a === "number" || typeof a === "string");
    if (!fits) return FAILED;
    const [x, y] = [a as string, b as string];
    return holds(x < y ? -1 : x > y ? 1 : 0);
  };
}

/** Values of different types are neither equal nor unequal, so that `!=` does not hold for what nobody thought of. */
function comparable(a: unknown, b: unknown): boolean {
  return a === null || b === null || typeOf(a) === typeOf(b);
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
  );
}
