import { checkStrings, checkText, refuse } from "./check-component.ts";
import { scopeProblem, ttlProblem } from "./caching.ts";
import type { Described } from "./described.ts";
import { isObject } from "./tool-result.ts";

const MAX_ICONS = 16;
const MAX_SOURCE_LENGTH = 32_768;
const SOURCE =
  /^(?:https?:\/\/[^\s/?#@]+(?:[/?#]\S*)?|data:image\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2})$/i;
const IMAGE_TYPE = /^image\/[a-z0-9.+-]{1,100}$/;
const SIZE = /^(?:any|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$/;
const META_KEY =
  /^(?:[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\/)?(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?$/;
const MAX_META_LENGTH = 65_536;
const MAX_META_DEPTH = 32;
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** What is wrong with a value, as the end of a sentence; nothing when it is right. */
type Check = (value: unknown) => string | undefined;

/** Checks what the definition of every thing may say. @throws DefinitionError saying what is wrong. */
export function checkDescribed(
  what: string,
  definition: { readonly [Member in keyof Described]: unknown },
): void {
  const { title, description, icons, scopes, _meta: meta } = definition;
  checkText(what, "title", title);
  checkText(what, "description", description);
  checkStrings(what, "scopes", scopes);
  if (icons !== undefined) {
    if (!Array.isArray(icons)) refuse(what, "its icons are not a list");
    if (icons.length > MAX_ICONS) refuse(what, `it has ${icons.length} icons, and ${MAX_ICONS} are the most`);
    for (const [i, icon] of icons.entries()) checkMembers(what, `its icons[${i}]`, icon, ICON, ["src"]);
  }
  if (meta !== undefined) checkMeta(what, meta);
}

/** Checks hints about who a resource is for. @throws DefinitionError saying what is wrong. */
export function checkAnnotations(what: string, annotations: unknown): void {
  if (annotations !== undefined) checkMembers(what, "its annotations", annotations, ANNOTATIONS);
}

/** Checks hints about how a tool behaves. @throws DefinitionError saying what is wrong. */
export function checkToolAnnotations(what: string, annotations: unknown): void {
  if (annotations !== undefined) checkMembers(what, "its annotations", annotations, TOOL_ANNOTATIONS);
}

const ICON: Record<string, Check> = {
  src: (value) =>
    typeof value === "string" && value.length <= MAX_SOURCE_LENGTH && SOURCE.test(value)
      ? undefined
      : `is no http or https URL and no data URL of an image in base64, of at most ${MAX_SOURCE_LENGTH} characters`,
  mimeType: (value) =>
    typeof value === "string" && IMAGE_TYPE.test(value) ? undefined : "is not one such as image/png",
  sizes: (value) =>
    Array.isArray(value) && value.length <= MAX_ICONS && value.every((size) => SIZE.test(String(size)))
      ? undefined
      : 'is not a list of sizes such as "48x48", or "any"',
  theme: oneOf("light", "dark"),
};

const ANNOTATIONS: Record<string, Check> = {
  audience: (value) =>
    Array.isArray(value) && value.every((role) => role === "user" || role === "assistant")
      ? undefined
      : 'is not a list of "user" and "assistant"',
  priority: (value) =>
    typeof value === "number" && value >= 0 && value <= 1 ? undefined : "is not a number from 0 to 1",
  lastModified: (value) =>
    typeof value === "string" && MOMENT.test(value)
      ? undefined
      : "is not a time such as 2026-01-31T12:00:00Z",
};

const CACHE: Record<string, Check> = { ttlMs: ttlProblem, scope: scopeProblem };

const hint: Check = (value) => (typeof value === "boolean" ? undefined : "is not true or false");
const TOOL_ANNOTATIONS: Record<string, Check> = {
  title: (value) => (typeof value === "string" ? undefined : "is not a string"),
  readOnlyHint: hint,
  destructiveHint: hint,
  idempotentHint: hint,
  openWorldHint: hint,
};

function oneOf(...values: string[]): Check {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `is none of ${values.map((each) => `"${each}"`).join(", ")}`;
}

/**
 * Checks how long something stays fresh.
 *
 * @param scopes What a caller needs for it: then it cannot be for everyone.
 * @throws DefinitionError saying what is wrong.
 */
export function checkCache(what: string, member: string, cache: unknown, scopes?: readonly string[]): void {
  if (cache === undefined) return;
  checkMembers(what, `its ${member}`, cache, CACHE, ["ttlMs"]);
  if ((cache as { scope?: unknown }).scope === "public" && scopes !== undefined && scopes.length > 0) {
    refuse(what, `its ${member} is public, and a caller needs scopes for it`);
  }
}

/** Checks an object whose members all are known. */
function checkMembers(
  what: string,
  member: string,
  value: unknown,
  checks: Record<string, Check>,
  required: readonly string[] = [],
): void {
  if (!isObject(value)) refuse(what, `${member} is not an object`);
  for (const name of required) if (value[name] === undefined) refuse(what, `${member} has no ${name}`);
  for (const [name, each] of Object.entries(value)) {
    if (!Object.hasOwn(checks, name)) {
      refuse(what, `${member} has "${name}"; there are ${Object.keys(checks).join(", ")}`);
    }
    const problem = each === undefined ? undefined : checks[name]!(each);
    if (problem !== undefined) refuse(what, `${member}.${name} ${problem}`);
  }
}

function checkMeta(what: string, meta: unknown): void {
  if (!isObject(meta)) refuse(what, "its _meta is not an object");
  const odd = Object.keys(meta).find((key) => !META_KEY.test(key));
  if (odd !== undefined) {
    refuse(what, `its _meta has the key "${odd}"; one is a name such as size, or com.example/size`);
  }
  if (!isJson(meta, MAX_META_DEPTH)) {
    refuse(what, `its _meta is not JSON nested at most ${MAX_META_DEPTH} deep`);
  }
  const { length } = JSON.stringify(meta);
  if (length > MAX_META_LENGTH) {
    refuse(what, `its _meta has ${length} characters, and ${MAX_META_LENGTH} are the most`);
  }
}

/** True for what JSON can hold as it is. */
function isJson(value: unknown, levels: number): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || levels === 0) return false;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every((each) => isJson(each, levels - 1));
}
