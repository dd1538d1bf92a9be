import type { CallMessage } from "./worker-messages.ts";

/** Calls that a worker may have at once: the one it runs, and those it goes on with by itself. A power of two. */
export const SLOTS = 8;
/** Bytes of UTF-8 in a call or an answer; what is longer travels as a message. */
const SLOT_BYTES = 32 * 1024;
const BYTES_PER_UNIT = 3;
const PARTS = 7;

// 32-bit words: first some of the worker, then those of each slot.
const MAILED = 0;
const WAITING = 1;
const TOLD = 2;
const SLOT_WORDS = 3;
const STATE = 0;
const BYTES = 1;
const OBSERVED = 2;
/** The number of the call. */
const TURN = 3;
/** 1 once nobody waits for the call. */
const CANCELLED = 4;
const LENGTHS = 5;
const WORDS_PER_SLOT = LENGTHS + PARTS;
const HEADER_BYTES = (SLOT_WORDS + SLOTS * WORDS_PER_SLOT) * Int32Array.BYTES_PER_ELEMENT;

/** What becomes of a slot. Both threads change it, and only from the state they expect. */
const FREE = 0;
const HANDED = 1;
const BEGUN = 2;
/** Not begun, and not to be: the worker passes it over. */
const WITHDRAWN = 3;
const ANSWERED = 4;
/** Answered; the worker starts an instance before it begins anything else. */
const ANSWERED_STARTING = 5;
/** Answered by a message, which is on its way. */
const POSTED = 6;

/** What a worker does while it has no call. */
const AWAKE = 0;
const ASLEEP = 1;
/** It is in its event loop, where only a message wakes it. */
const PARKED = 2;

/** A place by message, not in the slot. */
const BY_MESSAGE = -1;
const ABSENT = -1;

/** How a call that is in a slot ended; nothing while it has not. */
export type SlotAnswer = { text: string; isStarting: boolean } | "posted" | undefined;

/**
 * Calls on their way between the main thread and one worker, in memory that both see. Calls begin in the order in which they are
 * handed over, one at a time; until then each can be taken back.
 */
export interface CallSlots {
  /** For {@link attachCallSlots}. */
  readonly shared: SharedArrayBuffer;
  /** Whether one more call can be handed over. */
  readonly hasRoom: boolean;
  /** Whether the texts of a call are short enough for a slot. */
  fits(call: CallMessage): boolean;
  /** The number of the call that is handed over next; a call that does not fit is sent as a message with it. */
  readonly turn: number;
  /** Puts a call into the next slot and gives the number of that. A call that does not fit must have been sent as a message. */
  hand(call: CallMessage): number;
  /** True when the worker takes a message to wake up. To be asked once calls were handed over. */
  mustWake(): boolean;
  /** Takes a call back. False when it has begun. */
  withdraw(slot: number): boolean;
  /** Tells the guest that nobody waits for its call, also when it begins only now. */
  cancel(slot: number): void;
  answerOf(slot: number): SlotAnswer;
  /** The call of the slot is done with. One that was withdrawn is for the worker to pass over. */
  free(slot: number): void;
  /** To be called before answers are looked for at the worker's bidding: from then on it tells of further ones. */
  listen(): void;
}

/**
 * Creates the slots of one worker.
 *
 * @param shared That of an earlier worker, full of zeros. Default: new memory.
 */
export function createCallSlots(
  shared = new SharedArrayBuffer(HEADER_BYTES + SLOTS * SLOT_BYTES),
): CallSlots {
  const { words, text } = viewsOf(shared);
  let handed = 0;
  // It starts by itself, and is then in its event loop.
  words[WAITING] = PARKED;

  return {
    shared,
    get hasRoom() {
      return Atomics.load(words, wordOf(handed & (SLOTS - 1)) + STATE) === FREE;
    },
    get turn() {
      return handed;
    },
    fits,
    hand(call) {
      const slot = handed & (SLOTS - 1);
      const word = wordOf(slot);
      words[word + TURN] = handed;
      Atomics.store(words, word + CANCELLED, 0);
      handed = (handed + 1) | 0;
      if (fits(call)) writeCall(words, text, slot, call);
      else words[word + BYTES] = BY_MESSAGE;
      Atomics.store(words, word + STATE, HANDED);
      Atomics.add(words, MAILED, 1);
      return slot;
    },
    mustWake() {
      const waiting = Atomics.load(words, WAITING);
      // Once: waking it takes longer than all else that a call needs here, and it may take a while until it runs.
      if (waiting === AWAKE || Atomics.compareExchange(words, WAITING, waiting, AWAKE) !== waiting)
        return false;
      if (waiting === ASLEEP) Atomics.notify(words, MAILED);
      return waiting === PARKED;
    },
    withdraw: (slot) => Atomics.compareExchange(words, wordOf(slot) + STATE, HANDED, WITHDRAWN) === HANDED,
    cancel(slot) {
      Atomics.store(words, wordOf(slot) + CANCELLED, 1);
    },
    answerOf(slot) {
      const word = wordOf(slot);
      const state = Atomics.load(words, word + STATE);
      if (state === POSTED) return "posted";
      if (state !== ANSWERED && state !== ANSWERED_STARTING) return undefined;
      const start = slot * SLOT_BYTES;
      return {
        text: text.toString("utf8", start, start + words[word + BYTES]!),
        isStarting: state === ANSWERED_STARTING,
      };
    },
    free(slot) {
      const state = wordOf(slot) + STATE;
      if (Atomics.load(words, state) !== WITHDRAWN) Atomics.store(words, state, FREE);
    },
    listen() {
      Atomics.store(words, TOLD, 0);
    },
  };
}

/** The worker's side of {@link CallSlots}. */
export interface WorkerSlots {
  /**
   * Begins the next call, and gives its slot. Sleeps while there is none, after `onNone`; nothing once that took `waitMs`, and then a
   * message says when to ask again.
   */
  begin(waitMs: number, onNone: () => void): number | undefined;
  /** The number of the call in a slot; see {@link CallSlots.turn}. */
  turnOf(slot: number): number;
  /** The call of a slot; nothing where it comes by message. */
  read(slot: number): CallMessage | undefined;
  /** Whether nobody waits for a call that has begun. */
  isCancelled(slot: number): boolean;
  /** Answers a call. False when the text is too long. */
  answer(slot: number, text: string, isStarting: boolean): boolean;
  /** Says that a call is answered by a message, which is to be sent then. */
  posted(slot: number): void;
  /** True when the main thread has to be told that there are answers: it does not know of any. */
  mustTell(): boolean;
}

/** Attaches a worker to slots that the main thread created. */
export function attachCallSlots(shared: SharedArrayBuffer): WorkerSlots {
  const { words, text } = viewsOf(shared);
  let begun = 0;

  return {
    begin(waitMs, onNone) {
      for (;;) {
        while (Atomics.load(words, MAILED) !== begun) {
          const slot = begun & (SLOTS - 1);
          begun = (begun + 1) | 0;
          const state = wordOf(slot) + STATE;
          if (Atomics.compareExchange(words, state, HANDED, BEGUN) === HANDED) return slot;
          Atomics.compareExchange(words, state, WITHDRAWN, FREE);
        }
        onNone();
        Atomics.store(words, WAITING, ASLEEP);
        if (Atomics.wait(words, MAILED, begun, waitMs) === "timed-out") {
          // Either this sees the call that is handed over now, or who hands it over sees this.
          Atomics.store(words, WAITING, PARKED);
          if (Atomics.load(words, MAILED) === begun) return undefined;
        }
        Atomics.store(words, WAITING, AWAKE);
      }
    },
    turnOf: (slot) => words[wordOf(slot) + TURN]!,
    read: (slot) => readCall(words, text, slot),
    isCancelled: (slot) => Atomics.load(words, wordOf(slot) + CANCELLED) === 1,
    answer(slot, answer, isStarting) {
      if (!fitsSlot(answer)) return false;
      const word = wordOf(slot);
      words[word + BYTES] = text.write(answer, slot * SLOT_BYTES, SLOT_BYTES);
      Atomics.store(words, word + STATE, isStarting ? ANSWERED_STARTING : ANSWERED);
      return true;
    },
    posted(slot) {
      Atomics.store(words, wordOf(slot) + STATE, POSTED);
    },
    mustTell: () => Atomics.exchange(words, TOLD, 1) === 0,
  };
}

function viewsOf(shared: SharedArrayBuffer): { words: Int32Array; text: Buffer } {
  return {
    words: new Int32Array(shared, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT),
    text: Buffer.from(shared, HEADER_BYTES),
  };
}

function wordOf(slot: number): number {
  return SLOT_WORDS + slot * WORDS_PER_SLOT;
}

/** Bytes are counted near the end alone, where lists of many tools are: a message takes longer. */
function fitsSlot(text: string): boolean {
  const { length } = text;
  return (
    length * BYTES_PER_UNIT <= SLOT_BYTES || (length <= SLOT_BYTES && Buffer.byteLength(text) <= SLOT_BYTES)
  );
}

/** Exact lengths are not worth counting: hardly a call is near the end. */
function fits(call: CallMessage): boolean {
  let units = 0;
  for (const part of partsOf(call)) units += part?.length ?? 0;
  return units * BYTES_PER_UNIT <= SLOT_BYTES;
}

type Part = string | undefined;

function partsOf({ context, request, authorization, key }: CallMessage): Part[] {
  const { id, method, target, params } = request;
  return [context, id, method, target, params, authorization, key];
}

/** As one text, since each of them costs more than its bytes. */
function writeCall(words: Int32Array, text: Buffer, slot: number, call: CallMessage): void {
  const word = wordOf(slot);
  let all = "";
  words[word + OBSERVED] = Number(call.isObserved);
  for (const [at, part] of partsOf(call).entries()) {
    words[word + LENGTHS + at] = part?.length ?? ABSENT;
    all += part ?? "";
  }
  words[word + BYTES] = text.write(all, slot * SLOT_BYTES, SLOT_BYTES);
}

function readCall(words: Int32Array, text: Buffer, slot: number): CallMessage | undefined {
  const word = wordOf(slot);
  const bytes = words[word + BYTES]!;
  if (bytes === BY_MESSAGE) return undefined;
  const start = slot * SLOT_BYTES;
  const all = text.toString("utf8", start, start + bytes);
  let from = 0;
  const parts: Part[] = [];
  for (let at = 0; at < PARTS; at++) {
    const length = words[word + LENGTHS + at]!;
    parts.push(length === ABSENT ? undefined : all.slice(from, from + length));
    if (length > 0) from += length;
  }
  const [context, id, method, target, params, authorization, key] = parts;
  const isObserved = words[word + OBSERVED] === 1;
  return {
    context: context!,
    request: { id, method: method!, target, params },
    authorization,
    key,
    isObserved,
  };
}
