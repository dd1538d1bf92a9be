import { request as httpRequest } from "node:http";
import { PassThrough } from "node:stream";
import { serveStdio, type HttpServer, type LoadedCore } from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadGuarded, METADATA, RESOURCE, send, serveGuarded, type Answer } from "./guarded-server.ts";

let core: LoadedCore;
let server: HttpServer;
let remove: () => void;
const lines: string[] = [];

beforeAll(async () => {
  const guarded = await loadGuarded();
  remove = () => guarded.remove();
  core = guarded.core;
  server = await serveGuarded(core, {
    log: (text) => void lines.push(Buffer.from(text).toString()),
    allowedOrigins: ["https://app.example"],
  });
});

afterAll(async () => {
  await server.close();
  remove();
});

const OPEN = { name: "open", arguments: {} };

function refusal({ status, headers, error }: Answer): object {
  return {
    status,
    challenge: headers.get("www-authenticate"),
    retryAfter: headers.get("retry-after"),
    error,
  };
}

const REQUIRED = { code: -31_401, message: "Authentication is required" };

describe("a request is refused", () => {
  test.for([false, true])(
    "without a credential, and with no error code (before 2026-07-28: %s)",
    async (legacy) => {
      for (const method of ["tools/list", "prompts/list", "resources/list"]) {
        expect(refusal(await send(server.url, undefined, method, {}, { legacy }))).toEqual({
          status: 401,
          challenge: `Bearer resource_metadata="${METADATA}"`,
          retryAfter: null,
          error: REQUIRED,
        });
      }
    },
  );

  test("without a credential, by the first request of each era", async () => {
    const initialize = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "a", version: "1" },
    };
    const first = [
      await send(server.url, undefined, "initialize", initialize, { legacy: true }),
      await send(server.url, undefined, "server/discover"),
    ];
    expect(first.map(({ status, error }) => [status, error])).toEqual([
      [401, REQUIRED],
      [401, REQUIRED],
    ]);
  });

  test("without a credential, and told the scopes of what it wanted", async () => {
    const answer = await send(server.url, undefined, "tools/call", { name: "publish", arguments: {} });
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer scope="docs:read docs:write", resource_metadata="${METADATA}"`,
    );
  });

  test("with a credential that is not valid, and not told why", async () => {
    expect(refusal(await send(server.url, "forged", "tools/call", OPEN))).toEqual({
      status: 401,
      challenge: `Bearer error="invalid_token", resource_metadata="${METADATA}"`,
      retryAfter: null,
      error: REQUIRED,
    });
    expect(lines.join("")).toContain('"reason":"unknown"');
  });

  test("with a malformed credential", async () => {
    const fields = { authorization: "Basic cmVhZGVy" };
    expect(refusal(await send(server.url, undefined, "tools/call", OPEN, { fields }))).toEqual({
      status: 400,
      challenge: `Bearer error="invalid_request", resource_metadata="${METADATA}"`,
      retryAfter: null,
      error: { code: -31_400, message: "The credential is malformed" },
    });
  });

  test("when credentials cannot be checked", async () => {
    expect(refusal(await send(server.url, "down", "tools/call", OPEN))).toEqual({
      status: 503,
      challenge: null,
      retryAfter: "7",
      error: { code: -31_503, message: "Credentials cannot be checked now, try again" },
    });
  });

  test("when the check fails", async () => {
    const { result, error } = await send(server.url, "broken", "tools/call", OPEN);
    expect(result).toBeUndefined();
    expect(error).toEqual({ code: -32_603, message: "Internal error" });
  });

  test("with a token in the query string", async () => {
    for (const query of [
      "?access_token=everything",
      "?authorization=Bearer%20everything",
      "?token=everything",
    ]) {
      expect((await send(`${server.url}${query}`, undefined, "tools/call", OPEN)).status).toBe(401);
    }
  });

  test("over standard streams with a JSON-RPC error, and answered with the credential of the process", async () => {
    const message = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "publish", arguments: {} },
    };
    const answers = [];
    for (const authorization of [undefined, "Bearer nobody", "Bearer everything"]) {
      const input = new PassThrough();
      const output = new PassThrough();
      let written = "";
      output.setEncoding("utf8").on("data", (text: string) => (written += text));
      input.end(`${JSON.stringify(message)}\n`);
      const options = { input, output, workers: 1, log: () => {} };
      await serveStdio(core, { ...options, ...(authorization && { authorization }) });
      answers.push(JSON.parse(written));
    }
    const scopes = ["docs:read", "docs:write"];
    expect(answers).toMatchObject([
      { id: 1, error: REQUIRED },
      { id: 1, error: { code: -31_403, message: "This caller may not do this", data: { scopes } } },
      { id: 1, result: { content: [{ text: "published" }] } },
    ]);
  });
});

/** Fields and members that servers elsewhere take for an identity. */
const NAMES =
  "x-forwarded-user x-forwarded-email x-remote-user remote-user x-tenon-principal x-principal x-user-id x-user x-auth-request-user x-goog-authenticated-user-email x-amzn-oidc-identity x-ms-client-principal x-scopes x-roles x-subject x-authenticated-userid x-consumer-id proxy-authorization x-authorization x-api-key x-original-authorization cookie forwarded".split(
    " ",
  );
const MEMBERS =
  "principal tenon/principal io.modelcontextprotocol/principal authorization scopes roles subject user context claims __principal auth authInfo token access_token".split(
    " ",
  );
const IDENTITIES = [
  "everything",
  "Bearer everything",
  JSON.stringify({ subject: "everything", issuer: "https://id.example", scopes: ["docs:read"] }),
];

test("whatever a client says of itself but its credential has no effect, in a thousand requests", async () => {
  const forged: { fields?: Record<string, string>; meta?: object; params?: object }[] = [];
  for (const identity of IDENTITIES) {
    for (const name of NAMES) {
      forged.push({
        fields: { [name]: name === "cookie" ? `session=${encodeURIComponent(identity)}` : identity },
      });
    }
    const values = identity.startsWith("{") ? [identity, JSON.parse(identity) as object] : [identity];
    for (const value of values) {
      for (const member of MEMBERS)
        forged.push({ meta: { [member]: value } }, { params: { [member]: value } });
    }
  }
  const all = forged.flatMap((each) => [
    ...[false, true].map((legacy) => ({ ...each, legacy, token: undefined })),
    ...[false, true].map((legacy) => ({ ...each, legacy, token: "nobody" })),
    {
      fields: { ...each.fields, ...forged[0]!.fields },
      meta: { ...each.meta },
      legacy: true,
      token: "nobody",
    },
    { ...each, legacy: false, token: "forged" },
  ]);
  expect(all.length).toBeGreaterThanOrEqual(1000);
  const wrong: unknown[] = [];
  for (const { token, params, ...more } of all) {
    const [open, read] = await Promise.all(
      ["open", "read"].map((name) =>
        send(server.url, token, "tools/call", { ...params, name, arguments: {} }, more),
      ),
    );
    const expected = token === "nobody" ? [200, 403] : [401, 401];
    const text = open!.result?.content[0].text as string | undefined;
    const subject =
      text && (JSON.parse(text) as { principal: { subject: string; scopes: string[] } }).principal;
    const isOwn = subject === undefined || JSON.stringify(subject).startsWith('{"subject":"nobody"');
    if (open!.status !== expected[0] || read!.status !== expected[1] || !isOwn)
      wrong.push({ token, params, more });
  }
  expect(wrong).toEqual([]);
}, 120_000);

function origin(): string {
  return new URL(server.url).origin;
}

function at(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${origin()}/.well-known/oauth-protected-resource${path}`, init);
}

describe("protected resource metadata", () => {
  test.for(["", "/mcp", "/mcp?x=1"])(
    "is at the well-known path with %j behind it, for everyone",
    async (path) => {
      const response = await at(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/json");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("cache-control")).toBe("public, max-age=600");
      expect(await response.json()).toEqual({
        resource: RESOURCE,
        authorization_servers: ["https://id.example"],
        scopes_supported: ["docs:read", "docs:write", "hr:read"],
        bearer_methods_supported: ["header"],
        resource_name: "Guarded documents",
      });
    },
  );

  test("is nowhere else, and for no other method", async () => {
    expect((await at("/other")).status).toBe(404);
    expect((await at("/mcp/")).status).toBe(404);
    expect((await at("/mcp", { method: "POST", body: "{}" })).status).toBe(405);
    expect((await fetch(`${origin()}/.well-known/oauth-authorization-server`)).status).toBe(404);
  });

  test("may be asked for by pages of allowed origins, with fields of their own", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "GET" };
    const asked = { ...headers, "access-control-request-headers": "mcp-protocol-version" };
    const preflight = await at("/mcp", { method: "OPTIONS", headers: asked });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("mcp-protocol-version");
    expect((await at("/mcp", { headers: { origin: "https://evil.example" } })).status).toBe(403);
  });

  test("is not for a foreign host name", async () => {
    const status = await new Promise((resolve, reject) => {
      const url = `${origin()}/.well-known/oauth-protected-resource`;
      const sent = httpRequest(url, { headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once("error", reject).end();
    });
    expect(status).toBe(403);
  });

  test("pages may send credentials, and read what a refusal asks for", async () => {
    const headers = {
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, content-type",
    };
    const preflight = await fetch(server.url, { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization, content-type");
    const refused = await send(
      server.url,
      undefined,
      "tools/list",
      {},
      { fields: { origin: "https://app.example" } },
    );
    expect(refused.headers.get("access-control-expose-headers")).toContain("www-authenticate");
  });
});

test("a session is for the credential it was begun with, and each of its requests is authenticated", async () => {
  const sessions = await serveGuarded(core, { sessions: true });
  try {
    const initialize = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "a", version: "1" },
    };
    const begun = await send(sessions.url, "reader", "initialize", initialize, { legacy: true });
    const fields = { "mcp-session-id": begun.headers.get("mcp-session-id")! };
    const read = { name: "read", arguments: {} };
    const more = { legacy: true, fields };
    expect((await send(sessions.url, "reader", "tools/call", read, more)).result.content[0].text).toBe(
      "read",
    );
    const salaries = { uri: "docs://salaries" };
    expect((await send(sessions.url, "reader", "resources/subscribe", salaries, more)).status).toBe(403);
    const page = { uri: "docs://pages/home" };
    expect((await send(sessions.url, "reader", "resources/subscribe", page, more)).status).toBe(200);
    for (const token of ["everything", "nobody", undefined]) {
      expect((await send(sessions.url, token, "tools/call", read, more)).status).toBe(404);
    }
    const refused = await send(sessions.url, undefined, "initialize", initialize, { legacy: true });
    expect([refused.status, refused.headers.get("mcp-session-id")]).toEqual([401, null]);
  } finally {
    await sessions.close();
  }
});
