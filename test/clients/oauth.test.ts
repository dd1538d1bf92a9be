import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { HttpServer } from "tenon/hosts/node";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { loadGuarded, serveGuarded } from "../hosts/node/authorization/guarded-server.ts";

let issuer: Server;
let issuerUrl: string;
let server: HttpServer;
let remove: () => void;
/** What the authorization server was asked for. */
let asked: { authorize: URLSearchParams[]; token: URLSearchParams[] };

beforeAll(async () => {
  issuer = createServer((request, response) => {
    void answerIssuer(request.method!, new URL(request.url!, issuerUrl), bodyOf(request)).then((answer) => {
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  issuerUrl = `http://127.0.0.1:${await listen(issuer)}`;
  const free = createServer();
  const port = await listen(free);
  await new Promise((resolve) => free.close(resolve));
  const resource = `http://127.0.0.1:${port}/mcp`;
  const guarded = await loadGuarded({ found: { resource, issuers: [issuerUrl] } });
  remove = () => guarded.remove();
  server = await serveGuarded(guarded.core, { port });
});

beforeEach(() => {
  asked = { authorize: [], token: [] };
});

afterAll(async () => {
  await server.close();
  await new Promise((resolve) => issuer.close(resolve));
  remove();
});

function listen(http: Server): Promise<number> {
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () => resolve((http.address() as AddressInfo).port));
  });
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk.toString();
  return text;
}

interface IssuerAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

/** An authorization server that lets everyone in, and gives the token `reader`. */
async function answerIssuer(method: string, url: URL, body: Promise<string>): Promise<IssuerAnswer> {
  const text = await body;
  switch (`${method} ${url.pathname}`) {
    case "GET /.well-known/oauth-authorization-server":
      return {
        status: 200,
        body: {
          issuer: issuerUrl,
          authorization_endpoint: `${issuerUrl}/authorize`,
          token_endpoint: `${issuerUrl}/token`,
          registration_endpoint: `${issuerUrl}/register`,
          response_types_supported: ["code"],
          grant_types_supported: ["authorization_code"],
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
          authorization_response_iss_parameter_supported: true,
        },
      };
    case "POST /register":
      return { status: 201, body: { ...(JSON.parse(text) as object), client_id: "suite" } };
    case "GET /authorize": {
      asked.authorize.push(url.searchParams);
      const location = new URL(url.searchParams.get("redirect_uri")!);
      location.searchParams.set("code", "code-1");
      location.searchParams.set("iss", issuerUrl);
      const state = url.searchParams.get("state");
      if (state !== null) location.searchParams.set("state", state);
      return { status: 302, headers: { location: location.href } };
    }
    case "POST /token":
      asked.token.push(new URLSearchParams(text));
      return { status: 200, body: { access_token: "reader", token_type: "Bearer", expires_in: 60 } };
    default:
      return { status: 404 };
  }
}

/** What both SDKs ask of an application, which follows the browser's way at once. */
function createProvider() {
  const kept: { client?: object; tokens?: object; verifier?: string; back?: URL } = {};
  return {
    kept,
    redirectUrl: "http://127.0.0.1:1/callback",
    clientMetadata: {
      client_name: "suite",
      redirect_uris: ["http://127.0.0.1:1/callback"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    clientInformation: () => kept.client as never,
    saveClientInformation: (client: object) => void (kept.client = client),
    tokens: () => kept.tokens as never,
    saveTokens: (tokens: object) => void (kept.tokens = tokens),
    saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
    codeVerifier: () => kept.verifier!,
    async redirectToAuthorization(url: URL): Promise<void> {
      const response = await fetch(url, { redirect: "manual" });
      kept.back = new URL(response.headers.get("location")!);
    },
  };
}

interface Connection {
  tools: string[];
  text: unknown;
}

const SDKS = {
  async v1(provider: ReturnType<typeof createProvider>): Promise<Connection> {
    const url = new URL(server.url);
    const first = new TransportV1(url, { authProvider: provider });
    await expect(new ClientV1({ name: "suite", version: "1.0.0" }).connect(first)).rejects.toThrow(
      "Unauthorized",
    );
    await first.finishAuth(provider.kept.back!.searchParams.get("code")!);
    const client = new ClientV1({ name: "suite", version: "1.0.0" });
    await client.connect(new TransportV1(url, { authProvider: provider }));
    try {
      const { tools } = await client.listTools();
      const { content } = await client.callTool({ name: "read", arguments: {} });
      return { tools: tools.map(({ name }) => name), text: content };
    } finally {
      await client.close();
    }
  },
  async v2(provider: ReturnType<typeof createProvider>): Promise<Connection> {
    const url = new URL(server.url);
    const first = new TransportV2(url, { authProvider: provider });
    await expect(new ClientV2({ name: "suite", version: "1.0.0" }).connect(first)).rejects.toThrow();
    await first.finishAuth(provider.kept.back!.searchParams);
    const client = new ClientV2({ name: "suite", version: "1.0.0" });
    await client.connect(new TransportV2(url, { authProvider: provider }));
    try {
      const { tools } = await client.listTools();
      const { content } = await client.callTool({ name: "read", arguments: {} });
      return { tools: tools.map(({ name }) => name), text: content };
    } finally {
      await client.close();
    }
  },
};

test.for(Object.entries(SDKS))(
  "SDK %s finds the authorization server from a refusal, and comes back with a token for this server",
  async ([, connect]) => {
    const { tools, text } = await connect(createProvider());
    expect(tools).toEqual(["open", "read", "slow"]);
    expect(text).toEqual([{ type: "text", text: "read" }]);
    expect(asked.authorize).toHaveLength(1);
    expect(asked.authorize[0]!.get("resource")).toBe(server.url);
    expect(asked.authorize[0]!.get("scope")).toBe("docs:read docs:write hr:read");
    expect(asked.token.map((each) => each.get("resource"))).toEqual([server.url]);
  },
);
