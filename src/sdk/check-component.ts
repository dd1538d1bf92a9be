import { SERVICE_NAMES } from "./services.ts";

const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MAX_NAME_LENGTH = 64;
const MAX_TEXT_LENGTH = 16_384;
// Semantic Versioning 2.0.0, section 2, 9 and 10.
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** Thrown for a definition that is not as described. */
class DefinitionError extends TypeError {
  override readonly name = "DefinitionError";
}

/** Refuses a definition: what was being defined, and what is wrong with it. */
export function refuse(what: string, problem: string): never {
  throw new DefinitionError(`Cannot define ${what}: ${problem}`);
}

/** Checks what every component has, and gives the words that name it in errors. */
export function checkComponent(kind: string, definition: unknown): string {
  if (typeof definition !== "object" || definition === null)
    refuse(`a ${kind}`, "the definition is not an object");
  const { name, version, description } = definition as Record<string, unknown>;
  if (typeof name !== "string") refuse(`a ${kind}`, "it has no name");
  const what = `${kind} ${JSON.stringify(name)}`;
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    refuse(what, "a name is lower-case letters and digits in words joined by hyphens, at most 64 characters");
  }
  if (typeof version !== "string" || !VERSION.test(version)) {
    refuse(what, "its version is not a semantic version such as 1.0.0");
  }
  checkText(what, "title", (definition as Record<string, unknown>)["title"]);
  checkText(what, "description", description);
  return what;
}

/** Checks an optional text of at most 16,384 characters. */
export function checkText(what: string, member: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "string") refuse(what, `its ${member} is not a string`);
  if (value.length > MAX_TEXT_LENGTH) {
    refuse(what, `its ${member} has ${value.length} characters, and ${MAX_TEXT_LENGTH} are the most`);
  }
}

/** Checks an optional list of distinct strings. */
export function checkStrings(what: string, member: string, value: unknown): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string" || item === "")) {
    refuse(what, `its ${member} is not a list of strings`);
  }
  if (new Set(value).size !== value.length) refuse(what, `its ${member} names something twice`);
}

/** Checks what a component declares to need. */
export function checkCapabilities(what: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) refuse(what, "its capabilities are not an object");
  for (const [name, reason] of Object.entries(value)) {
    if (!(SERVICE_NAMES as readonly string[]).includes(name)) {
      refuse(what, `it declares the capability "${name}"; there are ${SERVICE_NAMES.join(", ")}`);
    }
    if (typeof reason !== "string" || reason.trim() === "") {
      refuse(what, `its capability "${name}" has no reason: whoever grants it reads why it is needed`);
    }
  }
}
