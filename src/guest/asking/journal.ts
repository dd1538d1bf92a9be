import type { Log } from "../../sdk/log.ts";
import { failure, RPC_ERROR, type Outcome } from "../../sdk/messages.ts";
import { isObject } from "../../sdk/tool-result.ts";
import { hashOf, utf8Length } from "./hash.ts";
import { writeState, type CallState, type Question, type Round } from "./state.ts";

const MAX_QUESTIONS = 32;
const MAX_ROUNDS = 16;
const MAX_ONCE = 32;
const MAX_STATE_BYTES = 24_000;
const KEY = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_ONCE_KEY = 128;

const MISSING_CAPABILITY = -32021;

const MAX_ERROR_TEXT = 1000;

/** What the rest of the call is surrounded by, so that it does the same when it runs again. */
export interface Surrounding {
  /** A round that has not been before. */
  newRound(): Round;
  /** Sets the clock, and what random numbers come of. */
  enter(round: Round): void;
}

/** What the call of a journal is. */
export interface CallFacts {
  /** Words that name what is called, such as `tool "book"`. */
  readonly what: string;
  readonly caller: CallState["caller"];
  /** Of earlier rounds. */
  readonly state: CallState | undefined;
  /** What the client has answered since, by key. */
  readonly responses: Readonly<Record<string, unknown>>;
}

/** One question to the client. */
export interface Ask {
  readonly kind: string;
  readonly key: string | undefined;
  /** The request, as `inputRequests` has it. */
  readonly request: { readonly method: string; readonly params: object };
  /** What the client lacks for it, as `requiredCapabilities` has it. */
  readonly lacking: object | undefined;
  /** An answer as it is kept; nothing when it is none to this question. */
  readonly accept: (answer: Readonly<Record<string, unknown>>) => object | undefined;
}

interface Waiting extends Ask {
  readonly key: string;
  readonly resolve: (answer: unknown) => void;
}

/**
 * What a call has asked of its client over all its rounds. A handler that is run again goes through its earlier rounds
 * first, each with its own clock, and is given the answers where it was given them before: once nothing else can happen.
 */
export class Journal {
  /** How the call ends, when it is the journal that ends it. */
  outcome: Outcome | undefined;
  readonly #facts: CallFacts;
  readonly #surrounding: Surrounding;
  readonly #log: Log;
  readonly #rounds: readonly Round[];
  readonly #questions: Map<string, Question>;
  readonly #once: Map<string, string | undefined>;
  readonly #running = new Map<string, Promise<string | undefined>>();
  readonly #asked = new Set<string>();
  #waiting: Waiting[] = [];
  #unnamed = 0;
  #round = 0;

  constructor(facts: CallFacts, surrounding: Surrounding, log: Log) {
    this.#facts = facts;
    this.#surrounding = surrounding;
    this.#log = log;
    const earlier = facts.state?.rounds ?? [];
    const { now, seed } = surrounding.newRound();
    // The clocks of two hosts may differ, and time does not go back.
    this.#rounds = [...earlier, { now: Math.max(now, earlier.at(-1)?.now ?? now), seed }];
    this.#questions = new Map(facts.state?.questions);
    this.#once = new Map(facts.state?.once);
    surrounding.enter(this.#rounds[0]!);
  }

  /** The answer to a question, as `accept` gives it, or `{ error }`. It settles in another round when there is none yet. */
  ask(ask: Ask): Promise<unknown> {
    if (this.outcome !== undefined) return never();
    const key = this.#keyOf(ask);
    this.#note(key, ask);
    if (this.outcome !== undefined) return never();
    const { answered } = this.#questions.get(key)!;
    if (answered !== undefined && answered.round <= this.#round) return Promise.resolve(answered.answer);
    return new Promise((resolve) => {
      const waiting = { ...ask, key, resolve };
      if (!this.#isLive || !this.#deliver(waiting)) this.#waiting.push(waiting);
    });
  }

  /** Runs something once for all rounds. */
  async once<T>(key: string, work: () => T | Promise<T>): Promise<T> {
    if (typeof key !== "string" || key === "" || key.length > MAX_ONCE_KEY) {
      throw new TypeError(`A key of once has 1 to ${MAX_ONCE_KEY} characters`);
    }
    if (!this.#once.has(key)) {
      let running = this.#running.get(key);
      if (running === undefined) {
        if (this.#once.size + this.#running.size >= MAX_ONCE) {
          throw new RangeError(`Cannot do more than ${MAX_ONCE} things once in a call`);
        }
        running = this.#run(key, work);
        this.#running.set(key, running);
      }
      await running;
    }
    const json = this.#once.get(key);
    return (json === undefined ? undefined : JSON.parse(json)) as T;
  }

  /**
   * Goes on where nothing can happen without an answer: with the answers that there are, or to the end, which asks the client
   * for the rest. False when nothing is asked.
   */
  advance(): boolean {
    if (this.#waiting.length === 0) return false;
    if (this.#isLive) this.#conclude();
    else this.#nextRound();
    return true;
  }

  /** True while the handler does what it has done in an earlier round. */
  get repeats(): boolean {
    return !this.#isLive;
  }

  get #isLive(): boolean {
    return this.#round === this.#rounds.length - 1;
  }

  #keyOf({ key, kind }: Ask): string {
    if (key === undefined) this.#unnamed += 1;
    const named = key ?? `${kind}-${this.#unnamed}`;
    if (typeof named !== "string" || !KEY.test(named)) {
      throw new TypeError("The key of a question has 1 to 64 characters of A-Z a-z 0-9 _ . -");
    }
    if (this.#asked.has(named)) throw new TypeError(`Two questions of a call have the key "${named}"`);
    this.#asked.add(named);
    return named;
  }

  /** Keeps a question, or holds it against the one that was asked before. */
  #note(key: string, { kind, request }: Ask): void {
    const hash = hashOf(JSON.stringify(request));
    const before = this.#questions.get(key);
    if (before === undefined) {
      if (!this.#isLive) this.#diverge(key, "it was not asked before");
      else if (this.#questions.size >= MAX_QUESTIONS) this.#end(`asks more than ${MAX_QUESTIONS} questions`);
      else this.#questions.set(key, { kind, hash });
    } else if (before.kind !== kind) this.#diverge(key, `its kind differs, ${before.kind} before`);
    else if (before.hash !== hash) this.#diverge(key, "its text or schema differs");
  }

  #nextRound(): void {
    this.#round += 1;
    this.#surrounding.enter(this.#rounds[this.#round]!);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ask of waiting) {
      const { answered } = this.#questions.get(ask.key)!;
      if (answered?.round === this.#round) ask.resolve(answered.answer);
      else if (answered !== undefined || !this.#isLive || !this.#deliver(ask)) this.#waiting.push(ask);
    }
  }

  /** Hands over the answer of this round. False when there is none. */
  #deliver({ key, request, accept, lacking, resolve }: Waiting): boolean {
    const { responses, what } = this.#facts;
    if (!Object.hasOwn(responses, key)) {
      if (lacking !== undefined) {
        this.#fail(
          failure(MISSING_CAPABILITY, `The ${what} needs a capability that the client does not declare`, {
            requiredCapabilities: lacking,
          }),
        );
      }
      return false;
    }
    const response = responses[key];
    const answer = isObject(response) ? (errorIn(response) ?? accept(response)) : undefined;
    if (answer === undefined) {
      this.#fail(
        failure(RPC_ERROR.invalidParams, `Invalid params: "${key}" is no answer to ${request.method}`),
      );
      return true;
    }
    this.#questions.get(key)!.answered = { round: this.#round, answer };
    resolve(answer);
    return true;
  }

  async #run(key: string, work: () => unknown): Promise<string | undefined> {
    try {
      const value = await work();
      const json = JSON.stringify(value) as string | undefined;
      if (json === undefined && value !== undefined)
        throw new TypeError(`once("${key}") gave what is not JSON`);
      this.#once.set(key, json);
      return json;
    } finally {
      this.#running.delete(key);
    }
  }

  #conclude(): void {
    const [running] = this.#running.keys();
    if (running !== undefined) {
      this.#end(`waits for the client inside of once("${running}"), where nothing can be asked`);
      return;
    }
    if (this.#rounds.length > MAX_ROUNDS) {
      this.#end(`is not done after ${MAX_ROUNDS} rounds of questions`);
      return;
    }
    const requests = Object.fromEntries(this.#waiting.map(({ key, request }) => [key, request]));
    const state = writeState({
      caller: this.#facts.caller,
      rounds: this.#rounds,
      questions: this.#questions,
      once: this.#once,
    });
    const length = utf8Length(state);
    if (length > MAX_STATE_BYTES) {
      this.#end(
        `keeps ${length} bytes of answers and results of once until the client has answered, and ${MAX_STATE_BYTES} are the most`,
      );
      return;
    }
    this.outcome = { tag: "input-required", val: { requests: JSON.stringify(requests), state } };
  }

  /** Ends a call whose handler has done something else than in an earlier round. */
  #diverge(key: string, difference: string): void {
    const { what } = this.#facts;
    this.#log.error(`The ${what} asked something else when it was run again`, {
      question: key,
      ordinal: this.#asked.size,
      round: this.#round + 1,
      difference,
    });
    this.#fail(failure(RPC_ERROR.internalError, `The ${what} cannot go on`));
  }

  /** Ends a call that is over a limit, or asks where it cannot. */
  #end(problem: string): void {
    const message = `The ${this.#facts.what} ${problem}`;
    this.#log.error(message);
    this.#fail(failure(RPC_ERROR.internalError, message));
  }

  #fail(outcome: Outcome): void {
    this.outcome ??= outcome;
  }
}

/** What waits for it goes on in another round, or not at all. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** The error that a client of an earlier revision answers with. */
function errorIn({ error }: Readonly<Record<string, unknown>>): object | undefined {
  if (!isObject(error)) return undefined;
  const { code, message } = error;
  return Number.isInteger(code) && typeof message === "string"
    ? { error: { code, message: message.slice(0, MAX_ERROR_TEXT) } }
    : undefined;
}
