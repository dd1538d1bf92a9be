import { accessTo, listKind, visibleOutcome } from "./access.ts";
import { checkAuthentication } from "./check-definition.ts";
import type { Catalog, ServerEntry } from "./catalog.ts";
import type { MiddlewareContext, Principal } from "./context.ts";
import {
  defineMiddleware,
  type Authentication,
  type Middleware,
  type MiddlewareDefinition,
  type Next,
} from "./define-middleware.ts";
import { attempt, whenDone, type MaybePromise } from "./maybe-promise.ts";
import type { Outcome, Request } from "./messages.ts";
import type { InferOutput, JsonSchema, Schema } from "./schema.ts";
import { isObject } from "./tool-result.ts";

/** What is given beside the credential of a request. */
export type AuthenticationContext<Settings = unknown> = Omit<
  MiddlewareContext<Settings>,
  "authorization" | "principal"
>;

/** What a credential turned out to be. */
export type Verdict =
  /** The caller. Its roles are turned into scopes as `tenon.json` says. */
  | { readonly principal: Principal }
  /**
   * It is not valid: 401 for `invalid_token`, 400 for `invalid_request` (RFC 6750, section 3.1). `reason` is a short code for the
   * log and the audit log; clients are not told.
   */
  | { readonly refused: "invalid_request" | "invalid_token"; readonly reason: string }
  /** It cannot be checked now: 503. `retryAfterSeconds` is a whole number; default 1. `unavailable` says why, as `reason` does. */
  | { readonly unavailable: string; readonly retryAfterSeconds?: number };

/** What {@link defineAuthentication} takes. */
export interface AuthenticationDefinition<
  Settings,
  SettingsSchema extends Schema | JsonSchema = Schema | JsonSchema,
>
  extends
    Omit<MiddlewareDefinition<Settings, SettingsSchema>, "authenticates" | "handle" | "methods">,
    Authentication {
  /**
   * Checks the value of the `Authorization` header field, which is called only for requests that have one. An exception
   * becomes an internal error: nothing gets through.
   */
  authenticate(authorization: string, ctx: AuthenticationContext<Settings>): MaybePromise<Verdict>;
}

/** Codes of refusals, outside the range that JSON-RPC reserves. */
const CODE = { request: -31_400, token: -31_401, forbidden: -31_403, unavailable: -31_503 } as const;
const DEFAULT_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 86_400;

/**
 * Defines the middleware that authenticates callers, and decides what each of them may use: a call needs the scopes and must
 * fulfil the rule of what it addresses, and lists show what the caller may use.
 *
 * What it answers is that of an OAuth 2.0 resource server: RFC 6750, section 3, and RFC 9728, section 5.1.
 *
 * @throws TypeError when a name, a version or a member is not as described, naming what is wrong.
 */
export function defineAuthentication<SettingsSchema extends Schema>(
  definition: AuthenticationDefinition<InferOutput<SettingsSchema>, SettingsSchema> & {
    readonly settings: SettingsSchema;
  },
): Middleware;
export function defineAuthentication<Settings extends object = Readonly<Record<string, never>>>(
  definition: AuthenticationDefinition<Settings, JsonSchema>,
): Middleware;
export function defineAuthentication(definition: AuthenticationDefinition<never>): Middleware {
  checkAuthentication(definition);
  const { protectedResource, ...rest } = definition;
  return defineMiddleware<object>({
    ...(rest as Omit<MiddlewareDefinition<object, JsonSchema>, "handle">),
    authenticates: protectedResource === undefined ? {} : { protectedResource },
    handle(request, next, ctx) {
      const { authorization } = ctx;
      if (authorization === undefined || authorization.trim() === "") {
        return refuse(ctx, request, { status: 401, code: CODE.token, reason: "no-credential" });
      }
      const verdict = judged(() => definition.authenticate(authorization, ctx as never), ctx);
      return whenDone(verdict, (known) => serve(known, request, next, ctx)) as Outcome | Promise<Outcome>;
    },
  });
}

/** Whatever goes wrong is recorded, and stays an exception: nothing gets through. */
function judged(work: () => MaybePromise<Verdict>, { audit }: MiddlewareContext): MaybePromise<Verdict> {
  const failed = (error: unknown): never => {
    audit.record({ decision: "deny", reason: "authentication-failed" });
    throw error;
  };
  return attempt(work, failed);
}

function serve(
  verdict: Verdict,
  request: Request,
  next: Next,
  ctx: MiddlewareContext<object>,
): MaybePromise<Outcome> {
  if ("refused" in verdict) {
    const { refused, reason } = verdict;
    ctx.log.info("Refused a credential", { error: refused, reason });
    return refuse(ctx, request, {
      ...(refused === "invalid_request" ? MALFORMED : INVALID),
      detail: reason,
    });
  }
  if ("unavailable" in verdict) return unavailable(verdict, ctx);
  const { catalog, audit } = ctx;
  const principal = withRoles(checked(verdict.principal), catalog.get("server", ""));
  const { subject, issuer, clientId } = principal;
  const who = { subject, issuer, ...(clientId !== undefined && { clientId }) };
  const access = accessTo(request, principal, catalog);
  if (access.kind !== "allowed") {
    audit.record({ principal: who });
    return access.kind === "rule"
      ? refuse(ctx, request, { status: 403, code: CODE.forbidden, reason: "rule" })
      : refuse(ctx, request, {
          status: 403,
          code: CODE.forbidden,
          error: "insufficient_scope",
          scopes: access.scopes,
          reason: "insufficient-scope",
        });
  }
  audit.record({ principal: who, decision: "allow" });
  const outcome = next(request, { principal });
  const kind = listKind(request.method, catalog);
  return kind === undefined
    ? outcome
    : outcome.then((listed) => visibleOutcome(listed, kind, principal, catalog));
}

interface RefusalFacts {
  readonly status: 400 | 401 | 403;
  readonly code: number;
  /** Of RFC 6750, section 3.1. */
  readonly error?: "insufficient_scope" | "invalid_request" | "invalid_token";
  /** What a caller needs, where that is why. Default: what the request needs, with 401. */
  readonly scopes?: readonly string[];
  /** For the audit log. */
  readonly reason: string;
  readonly detail?: string;
}

const MALFORMED = {
  status: 400,
  code: CODE.request,
  error: "invalid_request",
  reason: "invalid-request",
} as const;
const INVALID = { status: 401, code: CODE.token, error: "invalid_token", reason: "invalid-token" } as const;

const MESSAGES = {
  400: "The credential is malformed",
  401: "Authentication is required",
  403: "This caller may not do this",
} as const;

function refuse({ catalog, audit }: MiddlewareContext, request: Request, facts: RefusalFacts): Outcome {
  const { status, code, error, reason, detail } = facts;
  audit.record({ decision: "deny", reason, ...(detail !== undefined && { detail }) });
  const scopes = facts.scopes ?? (status === 401 ? scopesOf(request, catalog) : []);
  const { protectedResourceMetadata: metadata } = catalog.get("server", "");
  const parameters = [
    error && `error="${error}"`,
    scopes.length > 0 && `scope="${scopes.join(" ")}"`,
    metadata !== undefined && `resource_metadata="${metadata}"`,
  ].filter(Boolean);
  const challenge = parameters.length === 0 ? "Bearer" : `Bearer ${parameters.join(", ")}`;
  // A challenge says how to get in, and there is no way past a rule.
  const headers = reason === "rule" ? [] : [["www-authenticate", challenge] as const];
  const data = error === "insufficient_scope" ? { data: JSON.stringify({ scopes }) } : {};
  return { tag: "refused", val: { status, headers, error: { code, message: MESSAGES[status], ...data } } };
}

function scopesOf(request: Request, catalog: Catalog): readonly string[] {
  const access = accessTo(request, undefined, catalog);
  return access.kind === "scopes" ? access.scopes : [];
}

function unavailable(
  {
    unavailable: reason,
    retryAfterSeconds = DEFAULT_RETRY_SECONDS,
  }: Extract<Verdict, { unavailable: string }>,
  { log, audit }: MiddlewareContext,
): Outcome {
  log.error("Cannot check a credential", { reason });
  audit.record({ decision: "deny", reason: "authentication-unavailable", detail: reason });
  const seconds = Math.min(
    Math.max(Math.ceil(retryAfterSeconds) || DEFAULT_RETRY_SECONDS, 1),
    MAX_RETRY_SECONDS,
  );
  return {
    tag: "refused",
    val: {
      status: 503,
      headers: [["retry-after", String(seconds)]],
      error: { code: CODE.unavailable, message: "Credentials cannot be checked now, try again" },
    },
  };
}

/** A principal that is not one must not become a caller. */
function checked(principal: Principal): Principal {
  if (!isObject(principal)) throw new TypeError("the verdict has no principal");
  const { subject, issuer, clientId, scopes, roles = [], claims = {} } = principal as Principal;
  const fits =
    typeof subject === "string" &&
    subject !== "" &&
    typeof issuer === "string" &&
    issuer !== "" &&
    (clientId === undefined || typeof clientId === "string") &&
    areStrings(scopes) &&
    areStrings(roles) &&
    isObject(claims);
  if (!fits) throw new TypeError("the principal of the verdict is not one");
  return principal;
}

function areStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** A principal has the scopes of its roles as well. */
function withRoles(principal: Principal, { roles = {} }: ServerEntry): Principal {
  const added = (principal.roles ?? []).flatMap((role) => (Object.hasOwn(roles, role) ? roles[role]! : []));
  return added.length === 0
    ? principal
    : { ...principal, scopes: [...new Set([...principal.scopes, ...added])] };
}
