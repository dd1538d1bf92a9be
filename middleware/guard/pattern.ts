/** UTF-16 units from the first to the last. */
export type Range = readonly [first: number, last: number];

/** What a pattern means. */
export type Pattern =
  /** One unit out of these ranges. */
  | { readonly one: readonly Range[] }
  | { readonly all: readonly Pattern[] }
  | { readonly any: readonly Pattern[] }
  /** `most` may be infinite. */
  | { readonly repeat: Pattern; readonly least: number; readonly most: number }
  | { readonly boundary: true };

/** Groups may stand in groups, this deep. */
const MAX_DEPTH = 20;

const LAST = 0xffff;
const DIGITS: readonly Range[] = [[0x30, 0x39]];
/** Letters of ASCII, digits and the underscore: between one of them and something else lies a boundary. */
export const WORD: readonly Range[] = [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]; // prettier-ignore
const SPACES: readonly Range[] = [[0x09, 0x0d], [0x20, 0x20], [0xa0, 0xa0], [0x2000, 0x200a], [0x2028, 0x2029], [0x202f, 0x202f], [0x3000, 0x3000]]; // prettier-ignore
const CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  w: WORD,
  s: SPACES,
  D: inverted(DIGITS),
  W: inverted(WORD),
  S: inverted(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09 };

/**
 * What `pattern` of a JSON Schema says of patterns, so that most of what is none is found when a server is composed: anchors,
 * references, unknown escapes, lazy repetitions, braces and brackets without their twins. Groups are beyond it.
 */
export const PATTERN_SYNTAX: string = String.raw`^(?:(?:[^\\^$[\]*+?{}]|\\[^AB0-9]|\[(?:[^\\\]]|\\[^])+\])(?:[*+?]|\{[0-9,]+\})?)+$`;

/** A pattern that is none. Its message tells where. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/**
 * Reads a pattern: the part of JavaScript's regular expressions that an automaton can run. There are no anchors, look-around,
 * back references or lazy repetitions.
 *
 * @param ignoreCase A letter stands for both of its cases.
 * @throws {@link PatternError}
 */
export function parsePattern(source: string, ignoreCase: boolean): Pattern {
  const parser = new Parser(source, ignoreCase);
  const pattern = parser.alternatives(0);
  if (!parser.done) parser.fail("a parenthesis too many");
  return pattern;
}

class Parser {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at = 0;

  constructor(source: string, ignoreCase: boolean) {
    this.#source = source;
    this.#ignoreCase = ignoreCase;
  }

  get done(): boolean {
    return this.#at === this.#source.length;
  }

  fail(problem: string): never {
    throw new PatternError(`${problem} at character ${this.#at + 1} of ${JSON.stringify(this.#source)}`);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source);
    if (found !== null) this.#at = expression.lastIndex;
    return found;
  }

  alternatives(depth: number): Pattern {
    const any = [this.#sequence(depth)];
    while (this.#take("|")) any.push(this.#sequence(depth));
    return any.length === 1 ? any[0]! : { any };
  }

  #sequence(depth: number): Pattern {
    const all: Pattern[] = [];
    while (!this.done && !")|".includes(this.#source[this.#at]!)) all.push(this.#repeated(depth));
    if (all.length === 0) this.fail("nothing to match");
    return all.length === 1 ? all[0]! : { all };
  }

  #repeated(depth: number): Pattern {
    const item = this.#item(depth);
    const times = this.#match(/[*+?]|\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/y);
    if (times === null) return item;
    const [sign, count, comma, limit] = times;
    if (sign === "*") return { repeat: item, least: 0, most: Infinity };
    if (sign === "+") return { repeat: item, least: 1, most: Infinity };
    if (sign === "?") return { repeat: item, least: 0, most: 1 };
    const least = Number(count);
    const most = comma === undefined ? least : limit === undefined ? Infinity : Number(limit);
    if (most < Math.max(least, 1)) this.fail("a repetition of fewer times than its least");
    return { repeat: item, least, most };
  }

  #item(depth: number): Pattern {
    if (this.#take("(")) {
      if (depth === MAX_DEPTH) this.fail(`groups more than ${MAX_DEPTH} deep`);
      this.#take("?:");
      const group = this.alternatives(depth + 1);
      if (!this.#take(")")) this.fail("a group that does not end");
      return group;
    }
    if (this.#take("[")) return { one: this.#class() };
    if (this.#take(".")) return { one: inverted([[0x0a, 0x0a], [0x0d, 0x0d]]) }; // prettier-ignore
    if (this.#take("\\b")) return { boundary: true };
    if (/[\^$*+?\]{}]/.test(this.#source[this.#at]!)) this.fail("a character that needs a backslash");
    if (this.#source.startsWith("\\-", this.#at)) this.fail("a hyphen that needs no backslash");
    return { one: this.#cased(this.#unit()) };
  }

  #class(): readonly Range[] {
    const negated = this.#take("^");
    const ranges: Range[] = [];
    if (this.#source[this.#at] === "]") this.fail("an empty class");
    do {
      if (this.#source[this.#at] === "^") this.fail("a character that needs a backslash");
      if (this.done) this.fail("a class that does not end");
      const from = this.#unit();
      if (from.length === 1 && /^-[^\]]/.test(this.#source.slice(this.#at, this.#at + 2))) {
        this.#at += 1;
        const to = this.#unit();
        if (to.length !== 1 || to[0]![0] < from[0]![0]) this.fail("a range that ends before it starts");
        ranges.push(...this.#cased([[from[0]![0], to[0]![0]]]));
      } else {
        ranges.push(...this.#cased(from));
      }
    } while (!this.#take("]"));
    return negated ? inverted(ranges) : ranges;
  }

  /** One unit, or the class that an escape stands for. */
  #unit(): readonly Range[] {
    if (!this.#take("\\")) {
      const code = this.#source.charCodeAt(this.#at++);
      return [[code, code]];
    }
    const hex = this.#match(/u([0-9a-fA-F]{4})/y);
    if (hex !== null) {
      const code = Number.parseInt(hex[1]!, 16);
      return [[code, code]];
    }
    const escaped = this.#match(/[dwsDWSnrt^$\\.*+?()[\]{}|/-]/y)?.[0];
    if (escaped === undefined) return this.fail("an unknown escape");
    const code = CONTROLS[escaped] ?? escaped.charCodeAt(0);
    return CLASSES[escaped] ?? [[code, code]];
  }

  #cased(ranges: readonly Range[]): readonly Range[] {
    if (!this.#ignoreCase) return ranges;
    return ranges.flatMap(([first, last]) => [[first, last], ...otherCase(first, last)] as Range[]);
  }
}

/** The other case of a single letter, or of the letters of ASCII in a range. */
function otherCase(first: number, last: number): Range[] {
  if (first === last) {
    const letter = String.fromCharCode(first);
    return [letter.toLowerCase(), letter.toUpperCase()]
      .filter((other) => other.length === 1 && other !== letter)
      .map((other) => [other.charCodeAt(0), other.charCodeAt(0)]);
  }
  const moved = (from: number, to: number, by: number): Range[] => {
    const [low, high] = [Math.max(first, from), Math.min(last, to)];
    return low <= high ? [[low + by, high + by]] : [];
  };
  return [...moved(0x41, 0x5a, 32), ...moved(0x61, 0x7a, -32)];
}

/** All units outside of some ranges. */
function inverted(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (first > next) gaps.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return gaps;
}
