import { ToolkitError } from "../errors/index.ts";
import { checkJson } from "../json-schema/index.ts";
import type { Json } from "../manifest/index.ts";

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_NAME = 64;
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const MAX_PARTS = 64;

/** Checks what a composition and its parts are called. */
export function checkNames(input: {
  name: string;
  version: string;
  providers: readonly { as: string }[];
  middleware: readonly { as: string }[];
}): void {
  checkName(input.name, "name of the server");
  if (!VERSION.test(input.version)) {
    throw new ToolkitError(`Cannot compose "${input.name}": "${input.version}" is no semantic version`, {
      code: "ERR_COMPOSE_NAME",
      hint: 'Write it as "1.0.0"',
    });
  }
  if (input.providers.length === 0) {
    throw new ToolkitError(`Cannot compose "${input.name}": it has no provider`, {
      code: "ERR_CONFIG",
      hint: "Name at least one component that offers tools",
    });
  }
  const parts = [...input.providers, ...input.middleware];
  if (parts.length > MAX_PARTS) {
    throw new ToolkitError(
      `Cannot compose "${input.name}": it has ${parts.length} parts, over ${MAX_PARTS}`,
      {
        code: "ERR_CONFIG",
      },
    );
  }
  const seen = new Set<string>();
  for (const { as } of parts) {
    checkName(as, "name of a part");
    if (seen.has(as)) {
      throw new ToolkitError(`Cannot compose "${input.name}": two parts are called "${as}"`, {
        code: "ERR_COMPOSE_NAME",
        hint: 'Give one of them another name with "as"',
      });
    }
    seen.add(as);
  }
}

function checkName(name: string, what: string): void {
  if (name.length <= MAX_NAME && NAME.test(name)) return;
  const suggestion = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME)
    .replace(/^-|-$/g, "");
  throw new ToolkitError(`Cannot use "${name}" as the ${what}: it is not in kebab-case`, {
    code: "ERR_COMPOSE_NAME",
    details: [`A name has 1 to ${MAX_NAME} lower-case letters and digits, with single hyphens between them`],
    ...(suggestion === "" ? {} : { hint: `Write it as "${suggestion}"` }),
  });
}

/**
 * Checks the settings of a middleware against its schema. Members the schema does not know are refused.
 *
 * @param at Where the settings stand in the input of a composition.
 */
export function checkSettings(
  as: string,
  schema: { [key: string]: Json },
  settings: Record<string, Json>,
  at?: readonly (string | number)[],
): void {
  const closed =
    "additionalProperties" in schema || "unevaluatedProperties" in schema || "$ref" in schema
      ? schema
      : { ...schema, unevaluatedProperties: false };
  let mistakes: string[];
  try {
    mistakes = checkJson(closed, settings);
  } catch (cause) {
    throw new ToolkitError(`Cannot check the settings of "${as}": its schema is not valid`, {
      code: "ERR_COMPOSE_SETTINGS",
      details: [cause instanceof Error ? cause.message : String(cause)],
      hint: `Rebuild "${as}" with a settings schema in JSON Schema 2020-12 that refers to nothing outside itself`,
      cause,
    });
  }
  if (mistakes.length === 0) return;
  const [only] = mistakes;
  throw new ToolkitError(
    `Cannot compose "${as}": ${mistakes.length === 1 ? `its settings have a mistake: ${only}` : `its settings have ${mistakes.length} mistakes`}`,
    {
      code: "ERR_COMPOSE_SETTINGS",
      details: mistakes.length === 1 ? [] : mistakes.slice(0, 20),
      hint: `Correct "config" of "${as}"`,
      ...(at && { at }),
    },
  );
}
