import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ToolkitError } from "../errors/index.ts";
import { describeDefinition } from "../guest/describe-definition.ts";
import type { Convert, Converters } from "../guest/describe-schema.ts";
import type { ToolSchemaChecks } from "../json-schema/index.ts";
import {
  checkManifest,
  definitionProblem,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { packageVersion } from "../package/index.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import { kindOf } from "../sdk/definition.ts";
import type { Provider } from "../sdk/provider.ts";

/** A definition as it would be built. */
export interface Described<Manifest> {
  readonly manifest: Manifest;
  /** How the schemas of its tools are checked. */
  readonly checks: Readonly<Record<string, ToolSchemaChecks>>;
}

/**
 * The manifest a definition would be built with, and how its values would be checked.
 *
 * @throws ToolkitError `ERR_BUILD_DEFINITION` or `ERR_MANIFEST` for one that would not build, with the same reason.
 */
export async function describe(definition: Provider): Promise<Described<ProviderManifest>>;
export async function describe(definition: Middleware): Promise<Described<MiddlewareManifest>>;
export async function describe(
  definition: Provider | Middleware,
): Promise<Described<ProviderManifest | MiddlewareManifest>> {
  const description = describeDefinition(definition, await converters());
  if ("problem" in description) throw refusal(definition, description.problem);
  const { kind, checks, ownPatterns } = description;
  const toolchain = { sdk: packageVersion(), engine: { name: "node", version: process.versions.node } };
  // As JSON, so that members without a value are left out as they are when it is written.
  const written: unknown = JSON.parse(
    JSON.stringify({ manifestVersion: 1, kind, ...description.manifest, toolchain }),
  );
  const manifest = checkManifest(written, "write") as ProviderManifest | MiddlewareManifest;
  const problem = await definitionProblem(manifest, ownPatterns);
  if (problem !== undefined) throw refusal(definition, problem);
  return { manifest, checks };
}

function refusal(definition: Provider | Middleware, problem: string): ToolkitError {
  const what = kindOf(definition) === undefined ? "a definition" : `"${definition.name}"`;
  return new ToolkitError(`Cannot connect to ${what}: ${problem}`, { code: "ERR_BUILD_DEFINITION" });
}

/** What the project under test has to describe its schemas with. */
export async function converters(): Promise<Converters> {
  const [zod, valibot] = await Promise.all([
    projectModule("zod/v4/core"),
    projectModule("@valibot/to-json-schema"),
  ]);
  return { zod: zod["toJSONSchema"], valibot: valibot["toJsonSchema"] };
}

/** A module of the project under test; nothing in it when the project has none. */
async function projectModule(name: string): Promise<Record<string, Convert | undefined>> {
  try {
    const path = createRequire(join(process.cwd(), "package.json")).resolve(name);
    return (await import(pathToFileURL(path).href)) as Record<string, Convert | undefined>;
  } catch {
    return {};
  }
}
