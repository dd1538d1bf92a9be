import { getRandomBytes } from "wasi:random/random@0.2.0";
import {
  createRequestStates,
  createSealer,
  parseStateKeys,
  type RequestStates,
  type SealerPlatform,
} from "../../src/protocol/index.ts";
import { binaryString, decodeUtf8, encodeUtf8 } from "./text.ts";

/** `tenon:adapter/state-key`, or what a host has in its place. */
export type GetKeys = () => string | null;

/** What sealing takes of the engine. */
const PLATFORM: SealerPlatform = {
  randomBytes: getRandomBytes,
  encodeUtf8,
  decodeUtf8: (bytes) => decodeUtf8(binaryString(bytes))!,
  toBase64url: (bytes) => bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
  fromBase64url(text) {
    try {
      return Uint8Array.fromBase64(text, { alphabet: "base64url" });
    } catch {
      return undefined;
    }
  },
};

/**
 * The states of requests that wait for their client; nothing when the host was given no key. An instance lives as long as
 * one request, so no state is known to come for the first time.
 *
 * @throws Error when what the host was given is no key.
 */
export function requestStates(getKeys: GetKeys): RequestStates | undefined {
  const text = getKeys();
  if (text === null) return undefined;
  const keys = parseStateKeys(text, PLATFORM);
  if (typeof keys === "string") throw new Error(`TENON_STATE_KEY cannot be used: ${keys}`);
  return createRequestStates({ sealer: createSealer(keys, PLATFORM), now: Date.now, remembered: 0 });
}
