/** A global that the guest runtime brings; the engine has the rest. */
export interface GuestGlobal {
  /** The module of `src/guest` that defines it. */
  part: string;
  /** The interface it needs, which a component must declare among its capabilities. Absent: none that needs a grant. */
  capability?: string;
}

/**
 * The globals of the guest runtime that a component has only when its code uses them, by name. A name with a dot is a
 * member of a global.
 */
export const GUEST_GLOBALS: Readonly<Record<string, GuestGlobal>> = {
  AbortController: { part: "globals/abort" },
  AbortSignal: { part: "globals/abort" },
  CryptoKey: { part: "globals/subtle-crypto" },
  Event: { part: "globals/events" },
  EventTarget: { part: "globals/events" },
  Headers: { part: "globals/messages" },
  "Math.random": { part: "globals/random" },
  Request: { part: "globals/messages" },
  Response: { part: "globals/messages" },
  TextDecoder: { part: "globals/text" },
  TextEncoder: { part: "globals/text" },
  URL: { part: "globals/url" },
  URLSearchParams: { part: "globals/url" },
  clearInterval: { part: "globals/timers" },
  clearTimeout: { part: "globals/timers" },
  console: { part: "globals/console" },
  crypto: { part: "globals/crypto" },
  "crypto.subtle": { part: "globals/subtle-crypto" },
  fetch: { part: "globals/fetch", capability: "tenon:host/http" },
  setInterval: { part: "globals/timers" },
  setTimeout: { part: "globals/timers" },
  structuredClone: { part: "globals/structured-clone" },
};

/** The part of the guest runtime that every component has. */
export const ALWAYS_THERE = "install";
