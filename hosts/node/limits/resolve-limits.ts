import { nearest } from "../../../src/errors/index.ts";
import { LIMITS, ORDERED, type LimitDefinition, type Unit } from "./definition.ts";

type Sections = typeof LIMITS;

/** Limits as a limits file has them: sections of members, of which each may be left out. */
export type LimitsInput = {
  readonly [Section in keyof Sections]?: {
    readonly [Member in keyof Sections[Section]]?: number | undefined;
  };
};

/** All limits. Absent is what depends on the machine, or on other limits. */
export type Limits = {
  readonly [Section in keyof Sections]: {
    readonly [Member in keyof Sections[Section]]: Sections[Section][Member] extends { normal: number }
      ? number
      : number | undefined;
  };
};

/** One thing wrong with limits. */
export interface LimitsProblem {
  /** One sentence, naming the member and what it must be. */
  text: string;
  /** The keys that lead to it. */
  at: string[];
}

const SECTIONS: Readonly<Record<string, Readonly<Record<string, LimitDefinition>>>> = LIMITS;
const UNITS: Readonly<Record<Unit, string>> = {
  bytes: " of bytes",
  milliseconds: " of milliseconds",
  MiB: " of MiB",
  count: "",
};

/** Says everything that is wrong with the content of a limits file. A `$schema` for editors is let pass. */
export function findLimitsProblems(value: unknown): LimitsProblem[] {
  if (!isObject(value)) return [{ text: "the whole value must be an object", at: [] }];
  const problems = Object.entries(value).flatMap(([section, members]) => {
    if (section === "$schema") return [];
    return sectionProblems(section, members);
  });
  return problems.length > 0 ? problems : orderProblems(merge(value));
}

/**
 * Adds the defaults to limits.
 *
 * @throws TypeError naming the first member that is unknown, or is not what it must be.
 */
export function resolveLimits(limits: LimitsInput = {}): Limits {
  const [problem] = findLimitsProblems(limits);
  if (problem) throw new TypeError(`Cannot use limits: ${problem.text}`);
  return merge(limits);
}

/** Limits where none are given. */
export const DEFAULT_LIMITS: Limits = merge({});

function sectionProblems(section: string, members: unknown): LimitsProblem[] {
  const known = Object.hasOwn(SECTIONS, section) ? SECTIONS[section] : undefined;
  if (known === undefined) return [unknown(section, [section], Object.keys(SECTIONS))];
  if (!isObject(members)) return [{ text: `"${section}" must be an object`, at: [section] }];
  return Object.entries(members).flatMap(([member, value]) => {
    const name = `${section}.${member}`;
    const limit = Object.hasOwn(known, member) ? known[member] : undefined;
    if (limit === undefined) return [unknown(name, [section, member], Object.keys(known))];
    const { unit, range } = limit;
    const [least, most] = range;
    // A caller in TypeScript may pass on an option that was not given.
    if (value === undefined) return [];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return [];
    const text = `"${name}" must be a whole number${UNITS[unit]} from ${least} to ${most}, got ${shown(value)}`;
    return [{ text, at: [section, member] }];
  });
}

function orderProblems(limits: Limits): LimitsProblem[] {
  return ORDERED.flatMap(([smaller, larger]) => {
    const [less, more] = [valueOf(limits, smaller), valueOf(limits, larger)];
    if (less <= more) return [];
    const text = `"${smaller}" is ${less}, which must not be more than "${larger}", ${more}`;
    return [{ text, at: smaller.split(".") }];
  });
}

function valueOf(limits: Limits, name: string): number {
  const [section = "", member = ""] = name.split(".");
  return (limits as unknown as Record<string, Record<string, number>>)[section]![member]!;
}

function merge(limits: LimitsInput): Limits {
  const given = limits as Readonly<Record<string, Readonly<Record<string, number | undefined>> | undefined>>;
  const sections = Object.entries(SECTIONS).map(([section, members]) => {
    const values = Object.entries(members).map(([member, { normal }]) => [
      member,
      given[section]?.[member] ?? (typeof normal === "number" ? normal : undefined),
    ]);
    return [section, Object.fromEntries(values)];
  });
  return Object.fromEntries(sections) as Limits;
}

function unknown(name: string, at: string[], known: readonly string[]): LimitsProblem {
  const suggestion = nearest(at.at(-1)!, known);
  const hint = suggestion === undefined ? `known: ${known.join(", ")}` : `did you mean "${suggestion}"?`;
  return { text: `there is no limit "${name}", ${hint}`, at };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
