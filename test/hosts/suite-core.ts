import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildComponent } from "../../src/build/index.ts";
import { compose, type ComposeInput, type Composition } from "../../src/compose/index.ts";
import { API_KEYS, LIMIT } from "./cases/services.ts";
import { AUDIENCE, ISSUER, TRUSTED } from "./cases/trust.ts";

/** The calculator, resources and prompts behind the access log. */
export async function suiteCore(): Promise<Composition> {
  return composeSuite({ providers: [await ready("calculator"), await fixture("offers")] });
}

/** The same with what `portable` does, for every host; one part more would be too many for Viceroy. */
export async function portableCore(): Promise<Composition> {
  return composeSuite({
    providers: [await ready("calculator"), await fixture("offers"), await fixture("portable")],
    middleware: [],
  });
}

/** What asks its client. */
export async function askingCore(): Promise<Composition> {
  return composeSuite({ providers: [await fixture("asking")] });
}

/** Opens {@link streamingCore}. */
export const API_KEY = "a-key-of-more-than-twenty-characters";

/** Tools that notify, behind a middleware that refuses whoever has no key. */
export async function streamingCore(): Promise<Composition> {
  const keys = [{ id: "suite", sha256: createHash("sha256").update(API_KEY).digest("hex") }];
  return composeSuite({
    access: "authenticated",
    providers: [await fixture("streaming")],
    middleware: [{ ...(await ready("auth-api-key")), settings: { keys } }],
  });
}

/** Documents that need scopes, roles and rules, behind tokens and `guard`. */
export async function trustedCore(): Promise<Composition> {
  const tokens = {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: { keys: [TRUSTED.jwk] as never[] },
    rolesClaim: "roles",
    claims: ["team", "limit"],
  };
  const guard = {
    deny: { arguments: [{ signatures: "prompt-injection" }] },
    redact: ["credentials"],
  };
  return composeSuite({
    access: "authenticated",
    providers: [await fixture("guarded")],
    middleware: [
      { ...(await ready("auth-jwt")), settings: tokens },
      { ...(await ready("guard")), settings: guard },
    ],
    roles: { editor: ["docs:read", "docs:write"] },
    rules: {
      transfer: "principal.claims.team == 'money' && arguments.amount <= principal.claims.limit",
      retire: "principal.subject == 'treasurer'",
    },
  });
}

/** A tool that was granted services, behind API keys; `origin` is what it may fetch from. */
export async function servicesCore(origin: string): Promise<Composition> {
  return composeSuite({
    access: "authenticated",
    providers: [await fixture("portable")],
    middleware: [
      await ready("access-log"),
      { ...(await ready("auth-api-key")), settings: { keys: API_KEYS } },
    ],
    grants: {
      portable: {
        http: [{ origin, methods: ["GET"], paths: ["/v1/"] }],
        config: ["UNITS", "MISSING"],
        secrets: [{ name: "KEY" }, { name: "MISSING" }],
      },
    },
  });
}

/** A tool that keeps things, behind a limit for each other tool. What says that limits may count for one instance runs on all hosts. */
export async function keptCore(): Promise<Composition> {
  return composeSuite({
    providers: [await fixture("portable")],
    middleware: [
      {
        ...(await ready("rate-limit")),
        settings: {
          limit: LIMIT,
          windowMs: 3_600_000,
          by: ["tool"],
          cost: { tools: { reach: 0 } },
          approximate: true,
        },
      },
    ],
    grants: { "rate-limit": { kv: ["limits/"] }, portable: { kv: ["notes/"] } },
  });
}

async function composeSuite(
  input: Pick<ComposeInput, "grants" | "providers" | "roles" | "rules"> &
    Partial<Pick<ComposeInput, "access" | "middleware">>,
): Promise<Composition> {
  const { middleware = [await ready("access-log")], access = "public", ...rest } = input;
  return compose({ name: "suite", version: "1.0.0", access, ...rest, middleware });
}

/** A component of `test/fixtures/components`. */
async function fixture(name: string): Promise<{ as: string; bytes: Uint8Array }> {
  const entry = fileURLToPath(new URL(`../fixtures/components/${name}.ts`, import.meta.url));
  return { as: name, bytes: (await buildComponent({ entry })).bytes };
}

/** A component of this repository; `npm run build` makes it. */
async function ready(name: string): Promise<{ as: string; bytes: Uint8Array }> {
  const path = new URL(`../../dist/components/${name}.wasm`, import.meta.url);
  return { as: name, bytes: new Uint8Array(await readFile(path)) };
}
