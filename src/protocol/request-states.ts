import type { JsonObject } from "./message.ts";
import type { Sealer } from "./sealer.ts";

/** What a component keeps while the client answers it. */
export interface RequestState {
  /** JSON text of the component; nothing where it gave none. */
  state: string | undefined;
  /** How often the client has been asked in this request. */
  round: number;
}

/** The request that a state belongs to. */
export interface StateOwner {
  server: string;
  method: string;
  target: string | undefined;
  params: JsonObject | undefined;
}

/**
 * The states of requests that wait for their client. They are kept by the client, sealed. It outlives cores: a request
 * may begin on one and end on another.
 */
export interface RequestStates {
  /** The text the client is to send back. */
  give(owner: StateOwner, state: RequestState): string;
  /** What a client has sent back, or why it does not count. `first` is false unless it certainly came for the first time. */
  take(owner: StateOwner, sealed: string): (RequestState & { first: boolean }) | "foreign" | "expired";
}

/** Options of {@link createRequestStates}. */
export interface RequestStatesOptions {
  sealer: Sealer;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now: () => number;
  /** How long a client may take to answer, in milliseconds. Default 600,000, which is 10 minutes. */
  lifetimeMs?: number;
  /**
   * States that are remembered as used until they expire. Beyond it none counts as sent for the first time. 0 where
   * nothing outlives a request. Default 100,000.
   */
  remembered?: number;
}

const DEFAULT_LIFETIME_MS = 600_000;
const DEFAULT_REMEMBERED = 100_000;
/** Longest sealed state that is looked at; that of 24,000 bytes takes less. */
const MAX_SEALED_LENGTH = 32 * 1024;
// The front of every sealed text is random enough to name it.
const NONCE_LENGTH = 32;
const PURPOSE = "tenon request state 1";
const OMITTED: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);

/** Creates {@link RequestStates}. */
export function createRequestStates(options: RequestStatesOptions): RequestStates {
  const { sealer, now, lifetimeMs = DEFAULT_LIFETIME_MS, remembered = DEFAULT_REMEMBERED } = options;
  /** Expiry by nonce, oldest use first. */
  const used = new Map<string, number>();

  function isFirst(nonce: string, expires: number): boolean {
    const time = now();
    for (const [old, oldExpires] of used) {
      if (oldExpires > time) break;
      used.delete(old);
    }
    if (used.has(nonce) || used.size >= remembered) return false;
    used.set(nonce, expires);
    return true;
  }

  return {
    give: (owner, { state, round }) =>
      sealer.seal(
        `{"expires":${now() + lifetimeMs},"round":${round}${state === undefined ? "" : `,"state":${state}`}}`,
        ownerText(owner),
      ),
    take(owner, sealed) {
      const text = sealed.length > MAX_SEALED_LENGTH ? undefined : sealer.open(sealed, ownerText(owner));
      if (text === undefined) return "foreign";
      const { expires, round, state } = JSON.parse(text) as {
        expires: number;
        round: number;
        state?: unknown;
      };
      if (expires <= now()) return "expired";
      return {
        round,
        state: state === undefined ? undefined : JSON.stringify(state),
        first: isFirst(sealed.slice(0, NONCE_LENGTH), expires),
      };
    },
  };
}

/** Equal for equal requests, however their clients write JSON. */
function ownerText({ server, method, target, params = {} }: StateOwner): string {
  const bound = Object.entries(params).filter(([name]) => !OMITTED.has(name));
  return JSON.stringify([PURPOSE, server, method, target ?? null, Object.fromEntries(bound)], sortedKeys);
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
