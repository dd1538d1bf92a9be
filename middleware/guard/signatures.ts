import { Automaton } from "./automaton.ts";
import { parsePattern } from "./pattern.ts";
import cardNumbers from "./signatures/card-numbers.json" with { type: "json" };
import credentials from "./signatures/credentials.json" with { type: "json" };
import promptInjection from "./signatures/prompt-injection.json" with { type: "json" };
import secretExfiltration from "./signatures/secret-exfiltration.json" with { type: "json" };

/** Patterns that are looked for together, as a data file or the settings give them. */
export interface SignatureSet {
  readonly name: string;
  readonly version?: string;
  readonly date?: string;
  /** Default false. */
  readonly ignoreCase?: boolean;
  /** What a text must fulfil besides. `luhn`: its digits have the check digit of a card number. */
  readonly check?: "luhn";
  /** By the names of the rules. */
  readonly patterns: Readonly<Record<string, string>>;
}

/** Signatures, ready to be found. */
export interface Signatures {
  readonly name: string;
  /** Where in a text each rule matches, in order. */
  find(text: string): Iterable<Match>;
}

/** Where a rule matches. */
export interface Match {
  readonly rule: string;
  readonly start: number;
  /** The first unit after it. */
  readonly end: number;
}

/**
 * Reads signatures.
 *
 * @throws PatternError or RangeError when a pattern cannot be run.
 */
export function compileSignatures(set: SignatureSet): Signatures {
  const rules = Object.keys(set.patterns);
  const parsed = Object.values(set.patterns).map((pattern) => parsePattern(pattern, set.ignoreCase === true));
  const automaton = new Automaton(parsed);
  return {
    name: set.name,
    *find(text) {
      for (const { start, end, pattern } of automaton.find(text)) {
        if (set.check === "luhn" && !hasCheckDigit(text.slice(start, end))) continue;
        yield { rule: rules[pattern]!, start, end };
      }
    },
  };
}

const BUILT_IN = [promptInjection, secretExfiltration, credentials, cardNumbers] as readonly SignatureSet[];

// They are read while the component is built, so that no instance has to: that takes as long as thousands of small requests.
const compiled = new Map(BUILT_IN.map((set) => [set.name, compileSignatures(set)]));

/** Names of the signatures that come with the component. */
export const BUILT_IN_NAMES: readonly string[] = [...compiled.keys()];

/** Signatures that come with the component. @throws RangeError when it has none of that name. */
export function builtInSignatures(name: string): Signatures {
  const signatures = compiled.get(name);
  if (signatures === undefined) throw new RangeError(`there are no signatures "${name}"`);
  return signatures;
}

/** The formula of Luhn: of every second digit from the right, the digits of its double count. */
function hasCheckDigit(text: string): boolean {
  const digits = text.replace(/\D+/g, "");
  let sum = 0;
  for (let at = digits.length - 1, times = 1; at >= 0; at--, times = 3 - times) {
    const value = Number(digits[at]) * times;
    sum += value > 9 ? value - 9 : value;
  }
  return digits !== "" && sum % 10 === 0;
}
