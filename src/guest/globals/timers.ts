import { defineGlobals } from "../define-globals.ts";
import { clearTimer, setTimer } from "../timers.ts";

defineGlobals({
  setTimeout: (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    setTimer(callback, delay, false, args),
  setInterval: (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    setTimer(callback, delay, true, args),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
});
