import { cancelled } from "tenon:mcp/outbox@0.1.0";
import { ownedByCall, setWatch } from "./job-queue.ts";
import { abort, abortError, AskingSignal } from "./web/abort-signal.ts";

/** How often the host is asked while the runtime waits. */
const EVERY_MS = 100;

let current: { readonly signal: AskingSignal; cancelled: boolean } | undefined;

/** The signal of the call in flight: aborted once its client has cancelled it or gone away. */
export function callSignal(): AskingSignal {
  if (current === undefined) {
    const call = { signal: new AskingSignal(() => ask(call)), cancelled: false };
    current = call;
  }
  return current.signal;
}

function ask(call: typeof current): void {
  // A signal that was kept from another call learns nothing more.
  if (call === undefined || call !== current || call.cancelled || !cancelled()) return;
  call.cancelled = true;
  abort(call.signal, abortError("The client has cancelled the request"));
}

setWatch({
  every: () => (current === undefined || current.cancelled ? undefined : EVERY_MS),
  ask: () => ask(current),
});

ownedByCall({
  begin() {
    const outer = current;
    current = undefined;
    return outer;
  },
  end(outer: typeof current) {
    current = outer;
  },
});
