import { readFileSync } from "node:fs";
import { ToolkitError } from "../errors/index.ts";
import { parameterHeaders } from "../http/parameter-headers.ts";
import { checkJson } from "../json-schema/index.ts";
import { packageFile } from "../package/index.ts";
import type { CoreManifest, Json, Manifest } from "./manifest.ts";

const MAX_CHARACTERS = 8 * 1024 * 1024;
const MAX_DEPTH = 128;

/**
 * Reads a manifest from JSON text and checks it against `schema/manifest.schema.json`.
 *
 * @param text At most 8 Mi characters, nested at most 128 deep.
 * @throws {@link ToolkitError} `ERR_MANIFEST` when it is not JSON, does not match the schema, names a tool twice, has
 * `x-mcp-header` where or as it must not be, or gives everyone what only some may have.
 */
export function parseManifest(text: string): Manifest {
  if (text.length > MAX_CHARACTERS)
    throw malformed("read", [`it has ${text.length} characters, over ${MAX_CHARACTERS}`]);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw malformed("read", ["it is not JSON"], cause);
  }
  return checkManifest(value, "read");
}

/** The same check for a manifest that is a value already. `action` says what was tried with it. */
export function checkManifest(value: unknown, action: "read" | "write"): Manifest {
  if (isDeeperThan(value, MAX_DEPTH)) throw malformed(action, [`it is nested deeper than ${MAX_DEPTH}`]);
  const mistakes = checkJson(manifestSchema(), value, { own: true });
  if (mistakes.length > 0) throw malformed(action, mistakes.slice(0, 10));
  const manifest = value as Manifest;
  const tooWide = manifest.kind === "core" ? scopeMistake(manifest) : undefined;
  if (tooWide !== undefined) throw malformed(action, [tooWide]);
  if (manifest.kind !== "middleware") {
    const seen = new Set<string>();
    for (const { name, inputSchema } of manifest.tools) {
      if (seen.has(name)) throw malformed(action, [`tool "${name}" occurs twice`]);
      seen.add(name);
      const { problem } = parameterHeaders(inputSchema);
      if (problem !== undefined) throw malformed(action, [`the input of tool "${name}": ${problem}`]);
    }
  }
  return manifest;
}

/** Results for everyone would leave a server that lets only some in. */
function scopeMistake({ access, cache: { scope, lists } }: CoreManifest): string | undefined {
  if (access === "authenticated" && scope === "public") {
    return 'its cache scope is "public", and its access "authenticated"';
  }
  const wider = Object.entries(lists).find(([, hint]) => hint.scope === "public" && scope === "private");
  return wider && `its list of ${wider[0]} is "public", and its cache scope "private"`;
}

/** What is wrong with the shape of grants, one sentence for each thing; empty when nothing is. */
export function grantMistakes(value: unknown): string[] {
  grantsSchema ??= { $defs: manifestSchema().$defs, $ref: "#/$defs/grants" };
  return checkJson(grantsSchema, value, { own: true });
}

interface ManifestSchema {
  $defs: object;
}

let schema: ManifestSchema | undefined;
let grantsSchema: object | undefined;

function manifestSchema(): ManifestSchema {
  schema ??= JSON.parse(
    readFileSync(packageFile("schema", "manifest.schema.json"), "utf8"),
  ) as ManifestSchema;
  return schema;
}

function malformed(action: "read" | "write", mistakes: string[], cause?: unknown): ToolkitError {
  const [only] = mistakes;
  return new ToolkitError(
    `Cannot ${action} manifest: ${mistakes.length === 1 ? only : "it does not match its schema"}`,
    {
      code: "ERR_MANIFEST",
      details: mistakes.length === 1 ? [] : mistakes,
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
