import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ToolkitError } from "../errors/index.ts";
import { describeDefinition } from "../guest/describe-definition.ts";
import type { Convert, Converters } from "../guest/describe-schema.ts";
import { checkManifest, type MiddlewareManifest, type ProviderManifest } from "../manifest/index.ts";
import { packageVersion } from "../package/index.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import { kindOf } from "../sdk/definition.ts";
import type { Provider } from "../sdk/provider.ts";

/**
 * The manifest a definition would be built with.
 *
 * @throws ToolkitError `ERR_BUILD_DEFINITION` or `ERR_MANIFEST` for one that would not build, with the same reason.
 */
export async function describe(definition: Provider): Promise<ProviderManifest>;
export async function describe(definition: Middleware): Promise<MiddlewareManifest>;
export async function describe(
  definition: Provider | Middleware,
): Promise<ProviderManifest | MiddlewareManifest> {
  const description = describeDefinition(definition, await converters());
  if ("problem" in description) {
    const what = kindOf(definition) === undefined ? "a definition" : `"${definition.name}"`;
    throw new ToolkitError(`Cannot connect to ${what}: ${description.problem}`, {
      code: "ERR_BUILD_DEFINITION",
    });
  }
  const { kind, manifest } = description;
  const toolchain = { sdk: packageVersion(), engine: { name: "node", version: process.versions.node } };
  // As JSON, so that members without a value are left out as they are when it is written.
  const written: unknown = JSON.parse(JSON.stringify({ manifestVersion: 1, kind, ...manifest, toolchain }));
  return checkManifest(written, "write") as ProviderManifest | MiddlewareManifest;
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
