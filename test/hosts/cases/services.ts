import { createHash } from "node:crypto";
import { expect } from "vitest";
import { closeServers, site, type Site } from "../node/outbound-site.ts";
import type { Served } from "../hosts.ts";
import type { PortableCase } from "../portable-case.ts";
import { call, client, MODERN, textOf } from "./clients.ts";

const ADA = "key-of-ada-0123456789";
const BOB = "key-of-bob-0123456789";
const OLD = "key-of-old-0123456789";
const SECRET = "s3cret-of-the-signer";

/** What is granted, with values. */
export const GIVEN = { config: { UNITS: "metric" }, secrets: { KEY: SECRET } };

/** Keys that `auth-api-key` knows. */
export const API_KEYS = [ADA, BOB, OLD].map((key, i) => ({
  id: ["ada", "bob", "old"][i]!,
  sha256: createHash("sha256").update(key).digest("hex"),
  ...(key === OLD && { expires: "2020-01-01T00:00:00Z" }),
}));

let granted: Site | undefined;
let elsewhere: Site | undefined;

/** Starts the web servers that tools may reach, and may not; gives the origin of the first. */
export async function startSites(): Promise<string> {
  const waiting: (() => void)[] = [];
  elsewhere = await site();
  granted = await site((request, response) => {
    if (request.url === "/v1/away") response.writeHead(302, { location: `${elsewhere!.origin}/v1/` }).end();
    else if (request.url!.startsWith("/v1/pair")) {
      // Neither is answered before both have come.
      waiting.push(() => response.end(`pair ${request.url}`));
      if (waiting.length === 2) for (const answer of waiting.splice(0)) answer();
    } else response.writeHead(200, { "content-type": "text/plain" }).end(`seen ${request.url}`);
  });
  return granted.origin;
}

export const stopSites = closeServers;

type Call = [service: string, method: string, args: unknown[]];

async function reach(host: Served, ...calls: Call[]): Promise<unknown[]> {
  const connection = await client(host, MODERN, `Bearer ${ADA}`);
  return JSON.parse(await textOf(call(connection, "reach", { calls }))) as unknown[];
}

const DENIED = { throws: "ServiceError", code: "denied" };

/** API keys, and services that were granted. */
export const SERVICES: readonly PortableCase[] = [
  {
    name: "an API key is taken, and one that is unknown or expired is not",
    async run(host) {
      const codes: unknown[] = [];
      for (const authorization of [
        undefined,
        `Bearer ${ADA}`,
        "Bearer key-of-eve-0123456789",
        `Bearer ${OLD}`,
      ]) {
        const { answer } = await (await client(host, MODERN, authorization)).request("tools/list");
        codes.push(answer.error?.code);
      }
      expect(codes).toEqual([-31401, undefined, -31401, -31401]);
    },
  },
  {
    name: "callers do not share what a module keeps",
    async run(host) {
      const seen: Record<string, string[]> = { [ADA]: [], [BOB]: [] };
      // Irregular, so that threads that take turns do not happen to part the callers.
      for (const key of [ADA, ADA, BOB, ADA, BOB, BOB, BOB, ADA]) {
        seen[key]!.push(await textOf(call(await client(host, MODERN, `Bearer ${key}`), "count")));
      }
      // A caller may meet its own calls again, on one thread or several, and those of nobody else.
      for (const counts of Object.values(seen)) {
        expect(counts.map((count, i) => String(Math.min(Number(count), i + 1)))).toEqual(counts);
      }
    },
  },
  {
    name: "`config`: a granted key that is set, one that is not, one that was not granted",
    async run(host) {
      const asked = ["UNITS", "MISSING", "OTHER"].map((key): Call => ["config", "get", [key]]);
      expect(await reach(host, ...asked)).toEqual([{ gives: "metric" }, { gives: null }, DENIED]);
    },
  },
  {
    name: "`secrets`: a granted secret that is set, one that is not, one that was not granted",
    async run(host) {
      const asked = ["KEY", "MISSING", "OTHER"].map((name): Call => ["secrets", "get", [name]]);
      expect(await reach(host, ...asked)).toMatchObject([
        { gives: SECRET },
        { throws: "ServiceError" },
        DENIED,
      ]);
    },
  },
  {
    name: "`http`: a granted origin and path answers",
    async run(host) {
      const url = `${granted!.origin}/v1/now?q`;
      expect(await reach(host, ["http", "fetch", [url]])).toEqual([
        { gives: { status: 200, type: "text/plain", location: null, text: "seen /v1/now?q" } },
      ]);
    },
  },
  {
    name: "`http`: another origin, path or method is denied, and nothing is sent",
    async run(host) {
      const before = [granted!.seen.length, elsewhere!.seen.length];
      expect(
        await reach(
          host,
          ["http", "fetch", [`${elsewhere!.origin}/v1/`]],
          ["http", "fetch", [`${granted!.origin}/v2/`]],
          ["http", "fetch", [`${granted!.origin}/v1/`, { method: "DELETE" }]],
        ),
      ).toEqual([DENIED, DENIED, DENIED]);
      expect([granted!.seen.length, elsewhere!.seen.length]).toEqual(before);
    },
  },
  {
    name: "`http`: a redirect is not followed to where nothing was granted",
    async run(host) {
      const [answer] = await reach(host, ["http", "fetch", [`${granted!.origin}/v1/away`]]);
      expect(answer).not.toHaveProperty("gives.status", 200);
      expect(elsewhere!.seen).toEqual([]);
    },
  },
  {
    name: "`http`: requests side by side are in flight together",
    async run(host) {
      const urls = [1, 2].map((i) => `${granted!.origin}/v1/pair/${i}`);
      const connection = await client(host, MODERN, `Bearer ${ADA}`);
      expect(JSON.parse(await textOf(call(connection, "together", { urls })))).toMatchObject([
        { gives: { text: "pair /v1/pair/1" } },
        { gives: { text: "pair /v1/pair/2" } },
      ]);
    },
  },
  {
    name: "the access log has a line for each call, with its caller and what was decided",
    async run(host) {
      await textOf(call(await client(host, MODERN, `Bearer ${ADA}`), "measure", { text: "logged" }));
      const [line] = await host.until(/\{"time":[^\n]*"target":"measure"[^\n]*\}/);
      expect(JSON.parse(line)).toMatchObject({
        level: "info",
        source: "access-log",
        fields: {
          method: "tools/call",
          target: "measure",
          principal: { subject: "ada", issuer: "api-key", clientId: "ada" },
          outcome: "ok",
        },
      });
    },
  },
  {
    name: "no key and no secret is in anything the host writes",
    async run(host) {
      await reach(host, ["secrets", "get", ["KEY"]]);
      for (const text of [ADA, BOB, OLD, SECRET]) expect(host.output()).not.toContain(text);
    },
  },
];

/** What may be spent on a tool. */
export const LIMIT = 5;

async function kept(host: Served, ...calls: Call[]): Promise<unknown[]> {
  return JSON.parse(await textOf(call(await client(host), "reach", { calls }))) as unknown[];
}

/** The codes that calls of a tool which are sent at once end with; nothing for those that are answered. */
async function sentTogether(host: Served, times: number, name: string): Promise<(number | undefined)[]> {
  const connection = await client(host);
  const calls = await Promise.all(Array.from({ length: times }, () => call(connection, name)));
  return calls.map(({ answer }) => answer.error?.code);
}

/** What is kept, within a request and from one to the next. */
export const KEPT: readonly PortableCase[] = [
  {
    name: "`kv`: a request finds what it kept",
    run: async (host) =>
      expect(
        await kept(
          host,
          ["kv", "set", ["notes/own", "1"]],
          ["kv", "get", ["notes/own"]],
          ["kv", "delete", ["notes/own"]],
          ["kv", "get", ["notes/own"]],
          ["kv", "increment", ["notes/own", 2]],
          ["kv", "increment", ["notes/own", 3]],
        ),
      ).toEqual([null, "1", null, null, 2, 5].map((gives) => ({ gives }))),
  },
  {
    name: "`kv`: keys outside the granted prefix are denied",
    run: async (host) =>
      expect(await kept(host, ["kv", "get", ["limits/a"]], ["kv", "set", ["other", "1"]])).toEqual([
        DENIED,
        DENIED,
      ]),
  },
  {
    name: "`kv`: what a request keeps, all others find",
    async run(host) {
      // At once, so that a host with more than one instance has to use them.
      const increments = Array.from({ length: 6 }, () => kept(host, ["kv", "increment", ["notes/all"]]));
      const sums = (await Promise.all(increments)).map(([told]) => (told as { gives: number }).gives);
      expect(sums.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
      await kept(host, ["kv", "set", ["notes/a", "1"]]);
      expect(await kept(host, ["kv", "get", ["notes/a"]])).toEqual([{ gives: "1" }]);
    },
  },
  {
    name: "`rate-limit` refuses what is over the limit, and says when to come back",
    async run(host) {
      const connection = await client(host);
      let last = await call(connection, "count");
      // Where instances count for themselves, one of them comes to its limit at last.
      for (let i = 1; i < 20 * LIMIT && last.answer.error === undefined; i++) {
        last = await call(connection, "count");
      }
      expect(last.answer.error?.code).toBe(-31429);
      if (host.transport === "stdio") return;
      expect(last.status).toBe(429);
      expect(Number(last.headers!.get("retry-after"))).toBeGreaterThan(600);
    },
  },
  {
    name: "a limit holds for all requests together",
    async run(host) {
      const codes = await sentTogether(host, LIMIT + 3, "work");
      expect(codes.filter((code) => code === undefined).length).toBe(LIMIT);
    },
  },
];
