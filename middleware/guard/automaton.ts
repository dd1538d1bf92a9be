import { WORD, type Pattern, type Range } from "./pattern.ts";

/** A stretch of text in which a pattern was found. */
export interface Found {
  readonly start: number;
  /** The first unit after it. */
  readonly end: number;
  /** Number of the pattern. */
  readonly pattern: number;
}

/** Where the automaton can be after a unit. */
interface State {
  /** In ascending order; none where no match is possible any more. */
  readonly nodes: readonly number[];
  /** True when the last unit is one of a word. */
  readonly word: boolean;
  /** The states that follow, by the class of the unit; where a pattern has ended before the unit, with its number. */
  readonly next: (State | Ended | undefined)[];
}

interface Ended {
  readonly pattern: number;
  readonly state: State;
}

/** What a node does. The first and second number that belong to it follow in parentheses. */
const [TAKE, FORK, BOUNDARY, END] = [
  /** Takes one unit (set of classes, next node). */
  0,
  /** Goes both ways (node, node). */
  1,
  /** Goes on where a word begins or ends (unused, next node). */
  2,
  /** A pattern has ended (its number, unused). */
  3,
];
/** Of all patterns of an automaton together, with their repetitions written out. */
const MAX_NODES = 20_000;
/** States are made when they are first reached, and thrown away when there are this many. */
const MAX_STATES = 500;
/** Units that are looked for ahead by the engine's own expressions. */
const MAX_AHEAD = 6;

/**
 * Finds patterns in one pass: each unit of a text is looked up once in a table that is made while it is used, and each new
 * entry of the table takes at most as many steps as the patterns are long. No text makes it slower than that.
 */
export class Automaton {
  /** Units that were passed, and nodes that were visited to make the table, since it was made. */
  steps = 0;
  // Lists of numbers, because they are made while the component is built, and are small in it.
  readonly #kinds: number[] = [];
  readonly #firsts: number[] = [];
  readonly #seconds: number[] = [];
  readonly #starts: readonly number[];
  /** First units of the classes, in ascending order: units of one class are the same to every pattern. */
  readonly #bounds: readonly number[];
  readonly #classOfAscii: readonly number[];
  readonly #isWord: readonly boolean[];
  /** Members of sets of classes. */
  readonly #sets: string[] = [];
  readonly #ahead: RegExp;
  readonly #aheadLength: number;
  #states: Map<string, State> = new Map<string, State>();
  /** Where it begins: behind what is none of a word, and behind what is one. */
  #idle: (State | undefined)[] = [];

  /** @throws RangeError when a pattern matches an empty text, or all together are too long. */
  constructor(patterns: readonly Pattern[]) {
    const bounds = new Set([0]);
    for (const [first, last] of [...WORD, ...patterns.flatMap(rangesOf)]) bounds.add(first).add(last + 1);
    this.#bounds = [...bounds].filter((unit) => unit <= 0xffff).sort((a, b) => a - b);
    this.#classOfAscii = Array.from({ length: 128 }, (_, unit) => this.#search(unit));
    this.#isWord = this.#bounds.map((unit) => WORD.some(([first, last]) => unit >= first && unit <= last));
    this.#starts = patterns.map((pattern, number) => this.#add(pattern, this.#push(END, number, 0)));
    const ahead = this.#lookAhead();
    this.#aheadLength = ahead.length;
    this.#ahead = new RegExp(ahead.map((classes) => this.#classSource(classes)).join(""), "g");
  }

  #push(kind: number, first: number, second: number): number {
    if (this.#kinds.length >= MAX_NODES) throw new RangeError("the patterns are too long");
    this.#firsts.push(first);
    this.#seconds.push(second);
    return this.#kinds.push(kind) - 1;
  }

  /** Adds a pattern in front of a node, and gives its first one. */
  #add(pattern: Pattern, next: number): number {
    if ("boundary" in pattern) return this.#push(BOUNDARY, 0, next);
    if ("one" in pattern) return this.#push(TAKE, this.#setOf(pattern.one), next);
    if ("all" in pattern) return pattern.all.reduceRight((after, each) => this.#add(each, after), next);
    if ("any" in pattern) {
      return pattern.any
        .map((each) => this.#add(each, next))
        .reduceRight((others, each) => this.#push(FORK, each, others));
    }
    const { repeat, least, most } = pattern;
    let first = next;
    if (most === Infinity) {
      first = this.#push(FORK, next, next);
      this.#firsts[first] = this.#add(repeat, first);
    } else {
      for (let times = least; times < most; times++) first = this.#push(FORK, this.#add(repeat, first), next);
    }
    for (let times = 0; times < least; times++) first = this.#add(repeat, first);
    return first;
  }

  /** The number of a set: one character for each class, `1` for those of its members. */
  #setOf(ranges: readonly Range[]): number {
    const isIn = (unit: number): boolean => ranges.some(([first, last]) => unit >= first && unit <= last);
    const set = this.#bounds.map((unit) => (isIn(unit) ? "1" : "0")).join("");
    const known = this.#sets.indexOf(set);
    return known >= 0 ? known : this.#sets.push(set) - 1;
  }

  #takes(node: number, unitClass: number): boolean {
    return this.#sets[this.#firsts[node]!]![unitClass] === "1";
  }

  /** Which classes each of the first units of a match may have, for as many units as every match has. */
  #lookAhead(): number[][] {
    const ahead: number[][] = [];
    let nodes = this.#starts;
    while (ahead.length < MAX_AHEAD) {
      const reached = this.#reach(nodes, true);
      if (reached.some((node) => this.#kinds[node] === END)) break;
      ahead.push([...this.#bounds.keys()].filter((each) => reached.some((node) => this.#takes(node, each))));
      nodes = reached.map((node) => this.#seconds[node]!);
    }
    if (ahead.length === 0) throw new RangeError("a pattern matches an empty text");
    return ahead;
  }

  #classSource(classes: readonly number[]): string {
    const ranges = classes.map(
      (each) => `${escapeOf(this.#bounds[each]!)}-${escapeOf((this.#bounds[each + 1] ?? 0x10000) - 1)}`,
    );
    return `[${ranges.join("")}]`;
  }

  /** The number of the class of a unit. */
  #search(unit: number): number {
    let [low, high] = [0, this.#bounds.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bounds[middle]! <= unit) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Every stretch in which a pattern matches, in order; matches that touch are one. A stretch begins where the automaton began
   * to follow a possible match, which may lie before the match itself, and ends with the last match before it gave up.
   */
  *find(text: string): Generator<Found, void> {
    // What the inner loop needs is at hand: it runs once for each unit.
    const classOfAscii = this.#classOfAscii;
    const { length } = text;
    let at = 0;
    for (;;) {
      this.#ahead.lastIndex = at;
      if (!this.#ahead.test(text)) return;
      const start = this.#ahead.lastIndex - this.#aheadLength;
      const before = start > 0 ? text.charCodeAt(start - 1) : 0;
      const isWord = this.#isWord[before < 128 ? classOfAscii[before]! : this.#search(before)]!;
      let state = (this.#idle[isWord ? 1 : 0] ??= this.#state([], isWord));
      let found: Found | undefined;
      at = start;
      do {
        let unitClass = this.#bounds.length;
        if (at < length) {
          const unit = text.charCodeAt(at);
          unitClass = unit < 128 ? classOfAscii[unit]! : this.#search(unit);
        }
        let next = state.next[unitClass];
        if (next === undefined) next = state.next[unitClass] = this.#follow(state, unitClass);
        if ("state" in next) {
          found = { start, end: at, pattern: next.pattern };
          next = next.state;
        }
        state = next;
        at += 1;
      } while (state.nodes.length > 0);
      this.steps += at - start;
      if (found !== undefined) yield found;
    }
  }

  #state(nodes: readonly number[], word: boolean): State {
    const key = `${word} ${nodes.join()}`;
    let state = this.#states.get(key);
    if (state === undefined) {
      if (this.#states.size >= MAX_STATES) {
        this.#states = new Map();
        this.#idle = [];
      }
      state = { nodes, word, next: [] };
      this.#states.set(key, state);
    }
    return state;
  }

  /** What a unit of a class leads to; the class after the last one is the end of the text. */
  #follow({ nodes, word }: State, unitClass: number): State | Ended {
    const isWord = this.#isWord[unitClass] ?? false;
    let pattern = Infinity;
    const next = new Set<number>();
    for (const node of this.#reach([...nodes, ...this.#starts], word !== isWord)) {
      if (this.#kinds[node] === END) pattern = Math.min(pattern, this.#firsts[node]!);
      else if (this.#takes(node, unitClass)) next.add(this.#seconds[node]!);
    }
    const state = this.#state(
      [...next].sort((a, b) => a - b),
      isWord,
    );
    return pattern === Infinity ? state : { pattern, state };
  }

  /** The nodes that take a unit, or end a pattern, reached without taking one. */
  #reach(from: readonly number[], atBoundary: boolean): number[] {
    const reached: number[] = [];
    const visited = new Set<number>();
    const waiting = [...from];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (visited.has(node)) continue;
      visited.add(node);
      const kind = this.#kinds[node];
      if (kind === FORK) waiting.push(this.#firsts[node]!, this.#seconds[node]!);
      else if (kind !== BOUNDARY) reached.push(node);
      else if (atBoundary) waiting.push(this.#seconds[node]!);
    }
    this.steps += visited.size;
    return reached;
  }
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

function rangesOf(pattern: Pattern): readonly Range[] {
  if ("one" in pattern) return pattern.one;
  if ("all" in pattern) return pattern.all.flatMap(rangesOf);
  if ("any" in pattern) return pattern.any.flatMap(rangesOf);
  return "repeat" in pattern ? rangesOf(pattern.repeat) : [];
}
