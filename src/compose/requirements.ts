import { ToolkitError } from "../errors/index.ts";
import { coversRequest } from "../http/covers-request.ts";
import { checkJson } from "../json-schema/index.ts";
import { type AppliedRequirement, type Grants, type Json, type JsonSchema } from "../manifest/index.ts";
import { readableSecrets } from "./grants.ts";
import type { MiddlewarePart } from "./part.ts";

/**
 * The requirements of a middleware that apply with its settings.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_REQUIREMENT` when the schema of one is not valid.
 */
export function applyingRequirements({ as, manifest, settings }: MiddlewarePart): AppliedRequirement[] {
  const effective = withDefaults(manifest.settingsSchema, settings);
  return (manifest.requires ?? [])
    .filter(({ when }) => applies(as, when, effective))
    .map((requirement) => {
      const { when: _, ...applying } = requirement;
      return applying;
    });
}

/**
 * Checks that a middleware has the grants it requires. A setting that is not given has the default of its schema; without
 * one it needs no grant.
 *
 * @param index Of the middleware in the chain.
 * @throws {@link ToolkitError} `ERR_COMPOSE_REQUIREMENT` when a grant is missing.
 */
export function checkRequirements(
  { as, manifest, settings }: MiddlewarePart,
  requirements: readonly AppliedRequirement[],
  grants: Grants,
  index: number,
): void {
  const effective = withDefaults(manifest.settingsSchema, settings);
  for (const requirement of requirements) {
    const [missing] = missingGrants(requirement, effective, grants);
    if (missing === undefined) continue;
    const { setting, value, state, grant } = missing;
    throw new ToolkitError(`Cannot compose "${as}": ${state}, for: ${requirement.for}`, {
      code: "ERR_COMPOSE_REQUIREMENT",
      details: [`Its setting "${setting}" is ${JSON.stringify(value)}`],
      hint:
        grant === undefined
          ? `Correct "config" of "${as}"`
          : `Add to "grants": ${JSON.stringify({ [as]: grant }).slice(1, -1)}`,
      at: ["middleware", index, "config", setting],
    });
  }
}

/** A setting of a middleware, or its default; nothing where it has neither. */
export function settingOf({ manifest, settings }: MiddlewarePart, name: string): Json | undefined {
  return withDefaults(manifest.settingsSchema, settings)[name];
}

/** Settings, and the defaults of those that are not given. */
export function withDefaults(
  { properties }: JsonSchema,
  settings: Record<string, Json>,
): Record<string, Json> {
  const all = { ...settings };
  for (const [name, schema] of Object.entries((properties ?? {}) as Record<string, Json>)) {
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) continue;
    if (!Object.hasOwn(all, name) && schema["default"] !== undefined) all[name] = schema["default"];
  }
  return all;
}

function applies(as: string, when: JsonSchema | undefined, settings: Record<string, Json>): boolean {
  if (when === undefined) return true;
  try {
    return checkJson(when, settings).length === 0;
  } catch (cause) {
    throw new ToolkitError(`Cannot compose "${as}": what it requires has a schema that is not valid`, {
      code: "ERR_COMPOSE_REQUIREMENT",
      details: [cause instanceof Error ? cause.message : String(cause)],
      hint: `Rebuild "${as}" with this version of tenon`,
      cause,
    });
  }
}

/** A grant that a requirement asks for and that is not there. */
interface MissingGrant {
  setting: string;
  value: Json;
  state: string;
  /** The one to add; absent when the setting is wrong. */
  grant?: Grants;
}

type Check = (value: string) => Omit<MissingGrant, "setting" | "value"> | undefined;

function missingGrants(
  { http, kv, secret }: AppliedRequirement,
  settings: Record<string, Json>,
  grants: Grants,
): MissingGrant[] {
  const missing = (setting: string | undefined, check: Check): MissingGrant[] => {
    const value = setting === undefined ? undefined : settings[setting];
    if (setting === undefined || value === undefined) return [];
    const found = typeof value === "string" ? check(value) : { state: "a setting is no text" };
    return found === undefined ? [] : [{ setting, value, ...found }];
  };
  return [
    ...missing(http, (url) => missingHttp(url, grants)),
    ...missing(kv?.prefix, (prefix) => missingKv(prefix, grants)),
    ...missing(secret, (name) =>
      readableSecrets(grants).includes(name)
        ? undefined
        : { state: `it may not read the secret "${name}"`, grant: { secrets: [{ name }] } },
    ),
  ];
}

function missingHttp(text: string, { http = [] }: Grants): ReturnType<Check> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { state: "a setting is no http or https URL" };
  const { origin, pathname } = url;
  if (coversRequest(http, { method: "GET", origin, path: pathname })) return undefined;
  return {
    state: `no grant covers GET ${origin}${pathname}`,
    grant: { http: [{ origin, methods: ["GET"], ...(pathname !== "/" && { paths: [pathname] }) }] },
  };
}

function missingKv(prefix: string, { kv = [] }: Grants): ReturnType<Check> {
  // An empty prefix is never granted, so that nothing would cover it.
  if (kv.some((granted) => prefix.startsWith(granted))) return undefined;
  return prefix === ""
    ? { state: "its prefix of keys is empty, which no grant covers" }
    : { state: `no grant covers keys that start with "${prefix}"`, grant: { kv: [prefix] } };
}
