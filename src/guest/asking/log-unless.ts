import { createLog, type Log } from "../../sdk/log.ts";

/** A log that leaves lines out while something holds. */
export function logUnless(isSo: () => boolean, log: Log): Log {
  return createLog((level, message, fields) => {
    if (!isSo()) log[level](message, fields);
  });
}
