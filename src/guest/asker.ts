import { createLog } from "../sdk/log.ts";
import { logUnless } from "./asking/log-unless.ts";
import { dateWithClock } from "./clock-date.ts";
import { defineGlobals } from "./define-globals.ts";
import type { Converters } from "./describe-schema.ts";
import { ownedByCall } from "./job-queue.ts";
import { writeLog } from "./log.ts";
import { randomSource, setRandomSource } from "./random-source.ts";
import { now } from "./real-clock.ts";
import type { GuestAsker } from "./serve-provider.ts";
import { askClient } from "./asking/ask-client.ts";
import { hexOf, randomSequence } from "./asking/hash.ts";
import { Journal, type Surrounding } from "./asking/journal.ts";
import { openJournal } from "./asking/open-journal.ts";

const SEED_BYTES = 16;

/** The journal of the call in flight. */
let journal: Journal | undefined;
/** What `Date` says during a round. */
let stillClock: number | undefined;

defineGlobals({ Date: dateWithClock(Date, () => stillClock ?? now()) });

const surrounding: Surrounding = {
  newRound: () => ({ now: now(), seed: hexOf(randomSource()(SEED_BYTES)) }),
  enter(round) {
    stillClock = round.now;
    setRandomSource(randomSequence(round.seed));
  },
};

// Providers alone ask, and none is called from inside another call of its component.
ownedByCall({
  begin: () => undefined,
  end() {
    journal = undefined;
    stillClock = undefined;
    setRandomSource();
  },
});

function repeats(): boolean {
  return journal?.repeats === true;
}

/** What carries the questions of a component whose schemas `converters` describe. */
export function createAsker(converters: Converters): GuestAsker {
  const log = createLog(writeLog);
  return {
    begin(context, request) {
      const opened = openJournal(context, request, surrounding, log);
      if (opened !== undefined && "tag" in opened) return opened;
      journal = opened;
      return undefined;
    },
    asking: (ctx) => journal && askClient(journal, ctx, converters),
    repeats,
    logOnce: (inner) => logUnless(repeats, inner),
    rounds: () => journal,
  };
}
