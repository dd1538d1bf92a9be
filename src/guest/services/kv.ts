import * as host from "tenon:host/kv@0.1.0";
import { ServiceError, type Kv, type KvWriteOptions } from "../../sdk/services.ts";
import { callHost, wellFormed } from "./service-error.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const MAX_TTL_SECONDS = 2 ** 32 - 1;

/** `ctx.kv` over `tenon:host/kv`. */
export const kv: Kv = {
  async features() {
    return host.getFeatures();
  },
  async get(key) {
    return (await kv.getEntry(key))?.value;
  },
  async getEntry(key) {
    return callHost("kv", () => host.get(wellFormed("the key", key))) ?? undefined;
  },
  async set(key, value, options) {
    callHost("kv", () =>
      host.set(wellFormed("the key", key), wellFormed("the value", value), ttlOf(options)),
    );
  },
  async delete(key) {
    callHost("kv", () => host.delete(wellFormed("the key", key)));
  },
  async swap(key, expected, value, options) {
    const state = expected === undefined ? undefined : wellFormed("the expected version", expected);
    return callHost("kv", () =>
      host.swap(wellFormed("the key", key), state, wellFormed("the value", value), ttlOf(options)),
    );
  },
  async increment(key, delta = 1, options) {
    if (!Number.isSafeInteger(delta)) throw invalid(`the delta ${String(delta)} is not a whole number`);
    return callHost("kv", () => host.increment(wellFormed("the key", key), delta, ttlOf(options)));
  },
  async list(prefix, { cursor, limit = DEFAULT_LIMIT } = {}) {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      throw invalid(`the limit ${String(limit)} is not a whole number from 1 to ${MAX_LIMIT}`);
    }
    const { keys, next } = callHost("kv", () => host.list(wellFormed("the prefix", prefix), cursor, limit));
    return typeof next === "string" ? { keys, next } : { keys };
  },
};

function invalid(problem: string): ServiceError {
  return new ServiceError("kv", "invalid", `kv: invalid: ${problem}`);
}

function ttlOf(options: KvWriteOptions | undefined): number | undefined {
  const seconds = options?.ttlSeconds;
  if (seconds === undefined) return undefined;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_TTL_SECONDS) return seconds;
  throw invalid(`ttlSeconds ${String(seconds)} is not a whole number of at least 1`);
}
