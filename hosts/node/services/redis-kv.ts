import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Redis } from "ioredis";
import { ToolkitError } from "../../../src/errors/index.ts";
import { ServiceFailure, type KvStore } from "../host-services.ts";
import { compareUtf8 } from "./compare-utf8.ts";
import {
  checkDelta,
  checkKey,
  checkLimit,
  checkTtl,
  checkValue,
  notWhole,
  sumTooLarge,
  tooLarge,
} from "./kv-arguments.ts";
import { SCRIPTS } from "./redis-scripts.ts";
import { readRedisUrl, type RedisPlace } from "./redis-url.ts";

/** How long a connection and its first answer may take. */
const CONNECT_MS = 5000;
/** How long an answer may take. A connection without any for longer is given up. */
const ANSWER_MS = 2000;
const SILENCE_MS = 2500;
/** Between attempts to connect again. */
const MAX_RECONNECT_MS = 2000;
const EPOCH_BYTES = 9;

type Argument = Buffer | number | string;

/** {@link SCRIPTS} as the client calls them. */
type Scripts = {
  readonly [Name in keyof typeof SCRIPTS]: (...args: Argument[]) => Promise<unknown>;
};

/**
 * A store in Redis, for any number of processes at a time. It connects again by itself; until then, and when an answer takes
 * over 2 s, functions fail with `unavailable`, and nobody knows whether a write has taken place.
 *
 * @param url `redis:` or `rediss:` with host, port, database and credentials, and the prefix of all keys in its query.
 * @param now Milliseconds since 1970-01-01T00:00:00Z, by which keys expire. Default: the clock of Redis.
 * @throws ToolkitError `ERR_CONFIG` when the URL is wrong, `ERR_TOOL_MISSING` without the package `ioredis`,
 * `ERR_HOST_STORE` when Redis cannot be reached or does not accept the credentials.
 */
export async function openRedisKv(url: string, now?: () => number): Promise<KvStore> {
  const place = readRedisUrl(url);
  const redis = await connect(place, await loadClient(place));
  // Unique beyond this process, as any other one may write the same key.
  const epoch = randomBytes(EPOCH_BYTES).toString("base64url");
  let written = 0;
  const nextVersion = (): string => `${epoch}-${(++written).toString(36)}`;
  const time = (): number | string => now?.() ?? "";

  async function run(script: keyof Scripts, ...args: Argument[]): Promise<unknown> {
    try {
      return await redis[script](...keysOf(place), time(), valuesOf(place), ...args);
    } catch (error) {
      throw serviceFailure(error as Error);
    }
  }

  return {
    features: { swap: true, persistent: true, consistency: "strong" },
    isShared: true,
    async get(key) {
      checkKey(key);
      const record = (await run("tenonGet", key)) as string | null;
      if (record === null) return undefined;
      const end = record.indexOf(" ");
      return { value: record.slice(end + 1), version: record.slice(0, end) };
    },
    async set(key, value, ttlSeconds) {
      checkKey(key);
      checkTtl(ttlSeconds);
      checkValue(value);
      await run("tenonSet", key, nextVersion(), value, ttlSeconds ?? "");
    },
    async delete(key) {
      checkKey(key);
      await run("tenonDelete", key);
    },
    async swap(key, expected, value, ttlSeconds) {
      checkKey(key);
      checkTtl(ttlSeconds);
      checkValue(value);
      const state = expected === undefined ? "" : `=${expected}`;
      return (await run("tenonSwap", key, nextVersion(), value, ttlSeconds ?? "", state)) === 1;
    },
    async increment(key, delta, ttlSeconds) {
      checkKey(key);
      checkTtl(ttlSeconds);
      checkDelta(delta);
      const sum = await run("tenonIncrement", key, nextVersion(), delta, ttlSeconds ?? "");
      if (sum === "value") throw notWhole();
      if (sum === "sum") throw sumTooLarge();
      return Number(sum);
    },
    async list(prefix, cursor, limit) {
      checkLimit(limit);
      // The cursor is the last key of the page before.
      const isAfter = cursor !== undefined && compareUtf8(cursor, prefix) >= 0;
      const from = isAfter ? `(${cursor}` : `[${prefix}`;
      // One byte that UTF-8 does not have comes after all keys with the prefix.
      const to = Buffer.concat([Buffer.from(`[${prefix}`), Buffer.of(0xff)]);
      let found: string[] | null;
      do found = (await run("tenonList", from, to, limit + 1)) as string[] | null;
      while (found === null);
      const keys = found.slice(0, limit);
      return { keys, next: found.length > limit ? keys.at(-1) : undefined };
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** The sorted sets of {@link SCRIPTS}. */
function keysOf({ prefix }: RedisPlace): [index: string, expiries: string] {
  return [`${prefix}keys`, `${prefix}expiries`];
}

/** What the keys of values start with. */
function valuesOf({ prefix }: RedisPlace): string {
  return `${prefix}value:`;
}

/** The client is no dependency: most servers have no Redis. */
async function loadClient({ shown }: RedisPlace): Promise<typeof Redis> {
  try {
    return (await import("ioredis")).Redis;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ToolkitError(`Cannot open store "${shown}": the package "ioredis" is not installed`, {
      code: "ERR_TOOL_MISSING",
      hint: 'Run "npm install ioredis@6" beside tenon',
      cause,
    });
  }
}

async function connect(place: RedisPlace, Client: typeof Redis): Promise<Redis & Scripts> {
  let isOpen = false;
  const redis = new Client({
    ...place.options,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    ...(place.isSecure && {
      tls: {
        rejectUnauthorized: true,
        ...(isIP(place.options.host) === 0 && { servername: place.options.host }),
      },
    }),
    scripts: Object.fromEntries(
      Object.entries(SCRIPTS).map(([name, lua]) => [name, { lua, numberOfKeys: 2 }]),
    ),
    protocol: 2,
    disableClientInfo: true,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    socketTimeout: SILENCE_MS,
    // What cannot be sent, or is not answered, fails at once: a swap that is sent twice could undo what came in between.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => (isOpen ? Math.min(times * 100, MAX_RECONNECT_MS) : null),
  }) as Redis & Scripts;
  let problem: Error | undefined;
  // Without a listener the client prints errors. Each function tells of its own.
  redis.on("error", (error) => (problem = error));
  try {
    await redis.connect();
    // Tells whether the credentials are accepted, and may run scripts.
    await redis.tenonGet(...keysOf(place), "", valuesOf(place), "-");
  } catch (error) {
    redis.disconnect();
    throw unusable(place, problem ?? (error as Error));
  }
  isOpen = true;
  return redis;
}

/** Errors of Redis start with a word in upper case. */
const REPLY = /^([A-Z]{2,20}) /;

function serviceFailure(error: Error): ServiceFailure {
  const reply = REPLY.exec(error.message)?.[1];
  if (reply === "OOM") return tooLarge("the store has no memory left");
  return new ServiceFailure(
    "unavailable",
    reply === undefined ? "the store does not answer" : `the store says ${reply}`,
  );
}

const STATES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it ended the connection",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name of the host cannot be resolved",
  EHOSTUNREACH: "the host cannot be reached",
  ETIMEDOUT: "it does not answer",
  WRONGPASS: "it does not accept the user and password",
  NOAUTH: "it asks for a password",
  NOPERM: "the user may not do what a store needs",
  CROSSSLOT: "it is a cluster, which is not supported",
  MOVED: "it is a cluster, which is not supported",
  READONLY: "it is a replica that takes no writes",
};

function unusable({ shown }: RedisPlace, cause: Error): ToolkitError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const word = code ?? REPLY.exec(message)?.[1];
  const state = (word === undefined ? undefined : STATES[word]) ?? message;
  return new ToolkitError(`Cannot open store "${shown}": ${state}`, { code: "ERR_HOST_STORE", cause });
}
