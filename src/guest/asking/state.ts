import { isObject } from "../../sdk/tool-result.ts";

/** One run of a handler, from what it is given to where it waits for the client. */
export interface Round {
  /** What its clock says, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** What its random numbers come of. */
  readonly seed: string;
}

/** A question that was asked. */
export interface Question {
  readonly kind: string;
  /** Of what was asked. */
  readonly hash: string;
  /** The answer, and the round that it came in. */
  answered?: { readonly round: number; readonly answer: unknown };
}

/** What is kept from one round of a call to the next. */
export interface CallState {
  /** Issuer and subject of the caller; nothing when nobody has authenticated. */
  readonly caller: readonly [issuer: string, subject: string] | undefined;
  readonly rounds: readonly Round[];
  readonly questions: ReadonlyMap<string, Question>;
  /** JSON of what `once` gave, by key; nothing for `undefined`. */
  readonly once: ReadonlyMap<string, string | undefined>;
}

const VERSION = 1;

/** The state as JSON. */
export function writeState({ caller, rounds, questions, once }: CallState): string {
  return JSON.stringify({
    version: VERSION,
    caller,
    rounds: rounds.map(({ now, seed }) => [now, seed]),
    questions: [...questions].map(([key, { kind, hash, answered }]) =>
      answered === undefined ? [key, kind, hash] : [key, kind, hash, answered.round, answered.answer],
    ),
    once: [...once],
  });
}

/** The state that a JSON value holds; nothing when it holds none. */
export function readState(value: unknown): CallState | undefined {
  if (!isObject(value) || value["version"] !== VERSION) return undefined;
  const { caller, rounds, questions, once } = value;
  if (caller !== undefined && !isStrings(caller, 2)) return undefined;
  if (!isList(rounds) || !isList(questions) || !isList(once)) return undefined;
  const read: Round[] = [];
  for (const round of rounds) {
    if (!isList(round) || !Number.isFinite(round[0]) || typeof round[1] !== "string") return undefined;
    read.push({ now: round[0] as number, seed: round[1] });
  }
  const asked = new Map<string, Question>();
  for (const question of questions) {
    if (!isList(question) || !isStrings(question.slice(0, 3), 3)) return undefined;
    const [key, kind, hash, round, answer] = question as [string, string, string, unknown, unknown];
    if (question.length === 3) asked.set(key, { kind, hash });
    else if (Number.isInteger(round)) {
      asked.set(key, { kind, hash, answered: { round: round as number, answer } });
    } else return undefined;
  }
  const done = new Map<string, string | undefined>();
  for (const entry of once) {
    if (!isList(entry) || typeof entry[0] !== "string") return undefined;
    done.set(entry[0], typeof entry[1] === "string" ? entry[1] : undefined);
  }
  const [issuer, subject] = (caller ?? []) as string[];
  return {
    caller: caller === undefined ? undefined : [issuer!, subject!],
    rounds: read,
    questions: asked,
    once: done,
  };
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isStrings(value: unknown, length: number): boolean {
  return isList(value) && value.length === length && value.every((item) => typeof item === "string");
}
