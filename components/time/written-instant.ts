import { checkRange, instantOf, isoTime, readTime } from "./local-time.ts";
import { periodAt, type Zone } from "./zones.ts";

/** An instant, and what the model should know of how it was found. */
export interface WrittenInstant {
  readonly instant: number;
  readonly note?: string;
}

/**
 * The instant that a written time means: one with an offset by itself, any other by the clocks of a zone.
 *
 * @throws ToolError when it is no time, or one that the data says nothing of.
 */
export function writtenInstant(written: string, zone: Zone, prefer: "earlier" | "later"): WrittenInstant {
  if (written.trim().toLowerCase() === "now") return inRange({ instant: Date.now() });
  const { reading, offset } = readTime(written);
  if (offset !== undefined) return inRange({ instant: reading - offset });
  const { instant, other, skipped } = instantOf(zone, reading, prefer);
  if (skipped) {
    const note = `The clocks of ${zone.name} are set forward over this time, so it does not exist; it is taken as ${isoTime(instant, periodAt(zone, instant))}`;
    return inRange({ instant, note });
  }
  if (other === undefined) return inRange({ instant });
  const which = other > instant ? "the earlier" : "the later";
  const note = `The clocks of ${zone.name} are set back and show this time twice; this is ${which} one, the other is ${isoTime(other, periodAt(zone, other))}`;
  return inRange({ instant, note });
}

function inRange(found: WrittenInstant): WrittenInstant {
  checkRange(found.instant);
  return found;
}
