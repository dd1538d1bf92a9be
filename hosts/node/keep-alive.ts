import type { ServerResponse } from "node:http";

/** Proxies close what is silent; the usual limit is a minute or more. */
const INTERVAL_MS = 15_000;
/** A line that says nothing, which readers of event streams skip. */
const COMMENT = ":\n\n";

/** Keeps an event stream that has begun from being taken for dead, until it ends. */
export function keepAlive(response: ServerResponse): void {
  const timer = setInterval(() => {
    if (response.writableLength === 0) response.write(COMMENT);
  }, INTERVAL_MS);
  const stop = (): void => clearInterval(timer);
  timer.unref();
  response.once("close", stop).once("finish", stop);
}
