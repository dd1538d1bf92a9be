import { randomBytes, randomUUID } from "node:crypto";
import {
  createClientRequests,
  createRequestStates,
  createSealer,
  KEY_BYTES,
  type ProtocolOptions,
  type SealerPlatform,
} from "../../src/protocol/index.ts";
import { after } from "./after.ts";
import { report, type LogSink } from "./host-log.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits/resolve-limits.ts";

/** How tools, prompts and resources ask clients for something. */
export interface AskingOptions {
  /**
   * Keys of 32 bytes that seal what clients since 2026-07-28 carry from one request to the next. The first one seals, all
   * of them open. Servers that share a key continue each other's requests. Default: a random one, so that nothing
   * outlives this server.
   */
  stateKeys?: readonly Uint8Array[];
}

/** What sealing takes of Node. */
export const NODE_PLATFORM: SealerPlatform = {
  randomBytes,
  encodeUtf8: (text) => Buffer.from(text, "utf8"),
  decodeUtf8: (bytes) => Buffer.from(bytes).toString("utf8"),
  toBase64url: (bytes) => Buffer.from(bytes).toString("base64url"),
  fromBase64url: (text) => Buffer.from(text, "base64url"),
};

/** What the protocol core asks clients with. */
export type Asking = Required<Pick<ProtocolOptions, "states" | "clientRequests" | "report">>;

/**
 * Makes what a server asks its clients with, whatever cores it serves.
 *
 * @throws TypeError when a key has another length, or there is none.
 */
export function createAsking(
  { stateKeys }: AskingOptions,
  log: LogSink,
  { stateMs, answerMs, waiting }: Limits["asking"] = DEFAULT_LIMITS.asking,
): Asking {
  const keys = stateKeys ?? [randomBytes(KEY_BYTES)];
  if (keys.length === 0 || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new TypeError(`Cannot seal states: a key has ${KEY_BYTES} bytes, and at least one is needed`);
  }
  return {
    states: createRequestStates({
      sealer: createSealer(keys, NODE_PLATFORM),
      now: Date.now,
      lifetimeMs: stateMs,
    }),
    clientRequests: createClientRequests({
      newId: randomUUID,
      after,
      answerMs,
      maxWaiting: waiting,
    }),
    report: (fault) => report(log, "error", fault),
  };
}
