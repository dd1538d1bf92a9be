import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import {
  createHostServices,
  loadCore,
  openKvStore,
  serveHttp,
  type HttpServer,
  type LoadedCore,
} from "tenon/hosts/node";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { signingKey, token, type SigningKey } from "../../fixtures/tokens.ts";
import { closeServers, site, type Site } from "./outbound-site.ts";

const ISSUER = "https://issuer.example";
const AUDIENCE = "https://mcp.example/mcp";
const OLD = signingKey("EdDSA", "old");
const NEW = signingKey("RS256", "new");
const COOLDOWN_SECONDS = 60;
/** Threads start slowly on a busy machine. */
const STARTS_MS = 120_000;

const cacheDir = mkdtempSync(join(tmpdir(), "tenon-cache-"));
/** Keys of the store expire by this clock. */
let storeTime = Date.now();
let answer: (response: ServerResponse) => void;
let issuer: Site;
let core: LoadedCore;
let server: HttpServer;

beforeAll(async () => {
  issuer = await site((_, response) => answer(response));
  const { bytes } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "sums", bytes: readFileSync("dist/components/calculator.wasm") }],
    middleware: [
      {
        as: "auth-jwt",
        bytes: readFileSync("dist/components/auth-jwt.wasm"),
        settings: {
          issuer: ISSUER,
          audience: AUDIENCE,
          jwksUri: `${issuer.origin}/jwks`,
          cooldownSeconds: COOLDOWN_SECONDS,
        },
      },
    ],
    grants: { "auth-jwt": { http: [{ origin: issuer.origin, paths: ["/jwks"] }], kv: ["auth-jwt/"] } },
  });
  core = await loadCore(bytes, { cacheDir });
}, STARTS_MS);

beforeEach(async () => {
  issuer.seen.length = 0;
  const kv = await openKvStore("memory", { now: () => storeTime });
  server = await serveHttp(core, {
    port: 0,
    workers: 2,
    limits: { calls: { queueMs: 60_000, deadlineMs: 60_000 } },
    log: () => {},
    services: (manifest) => createHostServices(manifest, { kv }),
  });
}, STARTS_MS);

afterEach(() => server.close());

afterAll(async () => {
  await closeServers();
  rmSync(cacheDir, { recursive: true });
});

function publish(...keys: SigningKey[]): void {
  answer = (response) => response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
}

function tokenOf(key: SigningKey, subject = "ada"): string {
  return token(key, { iss: ISSUER, aud: AUDIENCE, sub: subject, exp: Math.floor(Date.now() / 1000) + 300 });
}

/** Calls a tool, and gives the status and the header fields about it. */
async function call(
  text: string,
): Promise<{ status: number; challenge: string | null; retry: string | null }> {
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(text && { authorization: `Bearer ${text}` }) },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "add", arguments: { a: 1, b: 2 } },
    }),
  });
  await response.text();
  const { status, headers } = response;
  return { status, challenge: headers.get("www-authenticate"), retry: headers.get("retry-after") };
}

test(
  "a served core lets in who has a token, and tells others where to get one",
  async () => {
    publish(OLD);
    expect(await call(tokenOf(OLD))).toMatchObject({ status: 200 });
    const challenge = expect.stringContaining("resource_metadata=") as string;
    expect(await call("")).toMatchObject({ status: 401, challenge });
    const refused = await call(tokenOf(NEW));
    expect(refused).toMatchObject({ status: 401, challenge });
    expect(refused.challenge).toContain('error="invalid_token"');
    expect(issuer.seen).toHaveLength(1);
    expect(issuer.seen[0]).toMatchObject({ method: "GET", url: "/jwks" });
    expect(issuer.seen[0]!.headers).not.toHaveProperty("authorization");
  },
  STARTS_MS,
);

const MEGABYTE = "x".repeat(1024 * 1024);
const answers: Record<string, (response: ServerResponse) => void> = {
  "500": (response) => response.writeHead(500).end(),
  nothing: (response) => response.end(),
  "no JSON": (response) => response.end("<html>"),
  "a redirect": (response) => response.writeHead(302, { location: `${issuer.origin}/jwks` }).end(),
  "100 MB": (response) => {
    let left = 100;
    const write = (): void => {
      while (left-- > 0) if (!response.write(MEGABYTE)) return void response.once("drain", write);
      response.end();
    };
    write();
  },
  "half an answer": (response) => {
    response.writeHead(200, { "content-length": 100 }).write('{"keys":[');
    response.destroy();
  },
  "no end of an answer": (response) => void response.write('{"keys":['),
};

test.for(Object.keys(answers))(
  "where the issuer answers with %s, threads ask once in each cooldown, and nobody gets in",
  { timeout: STARTS_MS },
  async (name) => {
    answer = answers[name]!;
    const calls = await Promise.all(Array.from({ length: 6 }, (_, i) => call(tokenOf(OLD, `user-${i}`))));
    for (const outcome of calls)
      expect(outcome).toMatchObject({ status: 503, retry: String(COOLDOWN_SECONDS) });
    expect(issuer.seen).toHaveLength(1);
    publish(OLD);
    expect(await call(tokenOf(OLD))).toMatchObject({ status: 503 });
    storeTime += COOLDOWN_SECONDS * 1000;
    expect(await call(tokenOf(OLD))).toMatchObject({ status: 200 });
    expect(issuer.seen).toHaveLength(2);
  },
);

test(
  "an issuer may change its key under load: all threads together ask once",
  async () => {
    publish(OLD);
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    const statuses = async (key: SigningKey): Promise<number[]> => {
      const calls = await Promise.all(users.map((user) => call(tokenOf(key, user))));
      return [...new Set(calls.map(({ status }) => status))];
    };
    expect([await statuses(OLD), issuer.seen.length]).toEqual([[200], 1]);
    publish(OLD, NEW);
    // Too soon: a flood of unknown keys would look the same.
    expect([await statuses(NEW), issuer.seen.length]).toEqual([[401], 1]);
    storeTime += COOLDOWN_SECONDS * 1000;
    expect([await statuses(NEW), issuer.seen.length]).toEqual([[200], 2]);
    expect([await statuses(OLD), issuer.seen.length]).toEqual([[200], 2]);
  },
  STARTS_MS,
);
