import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Leaves the connection of a refused request unread until its client may ask again. */
export type HoldOff = (request: IncomingMessage, response: ServerResponse) => void;

/** As long as `Retry-After` of the answer says. */
const HOLD_MS = 1000;
/** Refusing takes a good part of what answering takes. So it gets a small part of the time, however many ask again. */
const TICK_MS = 20;
const READ_PER_TICK = 10;

/**
 * Keeps clients that ask again at once, however often they are refused, from taking the time of those that were let in: their
 * connections are read again after a second, and then one after another.
 */
export function createHoldOff(): HoldOff {
  /** Those that wait longest first. */
  const held: { socket: Socket; until: number }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function readOn(): void {
    const now = performance.now();
    for (let i = 0; i < READ_PER_TICK && held.length > 0 && held[0]!.until <= now; i++) {
      held.shift()!.socket.resume();
    }
    timer = held.length === 0 ? undefined : setTimeout(readOn, TICK_MS).unref();
  }

  return (request, response) => {
    const { socket } = request;
    const hold = (): void => {
      // Reading the content, also where nothing is kept of it, starts the connection again.
      if (!response.writableFinished || !request.readableEnded) return;
      socket.pause();
      held.push({ socket, until: performance.now() + HOLD_MS });
      timer ??= setTimeout(readOn, HOLD_MS).unref();
    };
    response.once("finish", hold);
    request.once("end", hold);
  };
}
