import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Principal } from "tenon";
import {
  loadCore,
  serveHttp,
  type HttpServer,
  type LoadedCore,
  type ServeHttpOptions,
} from "tenon/hosts/node";
import { buildComponent } from "../../../../src/build/index.ts";
import { compose, type ComposeInput, type Composition } from "../../../../src/compose/index.ts";

const principal = (subject: string, more: Partial<Principal> = {}): Principal => ({
  subject,
  issuer: "https://id.example",
  scopes: [],
  ...more,
});

/** Who each token stands for. */
export const TOKENS = {
  nobody: principal("nobody"),
  reader: principal("reader", { scopes: ["docs:read"], clientId: "app" }),
  writer: principal("writer", { roles: ["editor", "no-such-role", "toString"] }),
  treasurer: principal("treasurer", { claims: { team: "money", limit: 100 } }),
  everything: principal("everything", { scopes: ["docs:read", "docs:write", "hr:read"] }),
  down: "down",
  broken: "broken",
} as const;

export type Token = keyof typeof TOKENS;

export const RESOURCE = "https://mcp.example/mcp";
export const METADATA = "https://mcp.example/.well-known/oauth-protected-resource/mcp";

interface GuardedOptions extends Partial<ComposeInput> {
  /** Where clients reach it, and where they get tokens. */
  found?: { resource: string; issuers: string[] };
}

/** A server whose things need scopes, behind an authentication that knows {@link TOKENS}. */
async function composeGuarded({ found, ...more }: GuardedOptions): Promise<Composition> {
  const [provider, authentication] = await Promise.all(
    ["guarded", "token-table"].map((name) =>
      buildComponent({ entry: `test/fixtures/components/${name}.ts` }),
    ),
  );
  return compose({
    name: "guarded",
    version: "1.0.0",
    title: "Guarded documents",
    access: "authenticated",
    providers: [{ as: "guarded", bytes: provider!.bytes }],
    middleware: [
      {
        as: "token-table",
        bytes: authentication!.bytes,
        settings: {
          tokens: TOKENS as never,
          ...(found ?? { resource: RESOURCE, issuers: ["https://id.example"] }),
        },
      },
    ],
    roles: { editor: ["docs:read", "docs:write"], unused: ["hr:read"] },
    rules: {
      transfer: "principal.claims.team == 'money' && arguments.amount <= principal.claims.limit",
      retire: "principal.subject == 'treasurer'",
    },
    ...more,
  });
}

/** A core that this process runs, and the folder that goes with it. */
export async function loadGuarded(options: GuardedOptions = {}): Promise<{
  core: LoadedCore;
  remove(): void;
}> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-guarded-"));
  const { bytes } = await composeGuarded(options);
  const core = await loadCore(bytes, { cacheDir: folder });
  return { core, remove: () => rmSync(folder, { recursive: true }) };
}

export function serveGuarded(core: LoadedCore, options: ServeHttpOptions = {}): Promise<HttpServer> {
  return serveHttp(core, { port: 0, workers: 1, log: () => {}, ...options });
}

/** What came back. */
export interface Answer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests know what is in it
  result?: any;
  error?: { code: number; message: string; data?: unknown };
}

let ids = 0;

/** Sends one request, as a client since 2026-07-28 or before. */
export async function send(
  url: string,
  token: string | undefined,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  more: { legacy?: boolean; fields?: Record<string, string>; meta?: object; signal?: AbortSignal } = {},
): Promise<Answer> {
  const legacy = more.legacy === true;
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  const target = params["name"] ?? params["uri"] ?? params["taskId"];
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": legacy ? "2025-11-25" : "2026-07-28",
      ...(!legacy && { "mcp-method": method }),
      ...(!legacy && typeof target === "string" && { "mcp-name": target }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...more.fields,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: ++ids,
      method,
      params: {
        ...params,
        ...(legacy ? more.meta && { _meta: more.meta } : { _meta: { ...more.meta, ...meta } }),
      },
    }),
    ...(more.signal && { signal: more.signal }),
  });
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const text = type.startsWith("text/event-stream") ? await firstEvent(response) : await response.text();
  return { status, headers, ...(text.startsWith("{") ? (JSON.parse(text) as object) : {}) };
}

async function firstEvent(response: Response): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const data = /^data: ?(\{.*)$/m.exec(text)?.[1];
    if (data !== undefined || done) {
      await reader.cancel();
      return data ?? "";
    }
  }
}
