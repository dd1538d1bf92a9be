import { createRequire } from "node:module";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

import { nearest, ToolkitError } from "../errors/index.ts";
import type { Json, Manifest } from "./manifest.ts";

const MAX_CHARACTERS = 8 * 1024 * 1024;
const MAX_DEPTH = 128;

/**
 * Reads a manifest from JSON text and checks it against `schema/manifest.schema.json`.
 *
 * @param text At most 8 Mi characters, nested at most 128 deep.
 * @throws ToolkitError `ERR_MANIFEST` when it is not JSON, does not match the schema, or names a tool twice.
 */
export function parseManifest(text: string): Manifest {
  if (text.length > MAX_CHARACTERS)
    throw malformed([`it has ${text.length} characters, over ${MAX_CHARACTERS}`]);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw malformed(["it is not JSON"], cause);
  }
  return checkManifest(value);
}

/** The same check for a manifest that is a value already. */
export function checkManifest(value: unknown): Manifest {
  if (isDeeperThan(value, MAX_DEPTH)) throw malformed([`it is nested deeper than ${MAX_DEPTH}`]);
  const validate = validator();
  if (!validate(value))
    throw malformed((validate.errors ?? []).filter(isSpecific).slice(0, 10).map(describe));
  if (value.kind !== "middleware") {
    const seen = new Set<string>();
    for (const { name } of value.tools) {
      if (seen.has(name)) throw malformed([`tool "${name}" occurs twice`]);
      seen.add(name);
    }
  }
  return value;
}

let compiled: ValidateFunction<Manifest> | undefined;

function validator(): ValidateFunction<Manifest> {
  if (compiled === undefined) {
    const schema = createRequire(import.meta.url)("tenon/schema/manifest.schema.json") as object;
    compiled = new Ajv2020({ allErrors: true, verbose: true }).compile<Manifest>(schema);
  }
  return compiled;
}

/** `if` fails along with the errors of its branch, which say more. */
function isSpecific(error: ErrorObject): boolean {
  return error.keyword !== "if";
}

function describe(error: ErrorObject): string {
  const where = error.instancePath === "" ? "the manifest" : error.instancePath;
  if (error.keyword === "additionalProperties") {
    const key = String(error.params["additionalProperty"]);
    const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
    const close = nearest(key, known);
    return `${where} has an unknown member "${key}"${close === undefined ? "" : `, did you mean "${close}"?`}`;
  }
  return `${where} ${error.message ?? "is not allowed"}`;
}

function malformed(details: string[], cause?: unknown): ToolkitError {
  return new ToolkitError(
    `Cannot read manifest: ${details.length === 1 ? details[0] : "it does not match its schema"}`,
    {
      code: "ERR_MANIFEST",
      details: details.length === 1 ? [] : details,
      hint: "Rebuild the component with this version of tenon",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}
