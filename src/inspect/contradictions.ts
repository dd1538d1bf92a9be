import type { MiddlewareManifest, ProviderManifest } from "../manifest/index.ts";
import type { PartInspection } from "./inspection.ts";

const HANDLER = "tenon:mcp/handler";
const PROVIDER = "tenon:mcp/provider";
const CREDENTIALS = "tenon:host/credentials";

/** Interfaces that a manifest must ask for, because a grant or a role opens them. */
const ASKED_FOR = ["tenon:host/http", "tenon:host/kv", "tenon:host/secrets", CREDENTIALS];

/** Where the manifest of a component that is not composed says what its imports and exports do not bear out. */
export function componentContradictions(
  manifest: MiddlewareManifest | ProviderManifest,
  imports: readonly string[],
  exports: readonly string[],
): string[] {
  const found: string[] = [];
  const role = manifest.kind === "provider" ? PROVIDER : HANDLER;
  if (!has(exports, role)) {
    found.push(`The manifest says ${manifest.kind}, and the bytes do not export ${role}`);
  }
  if (manifest.kind === "middleware" && !has(imports, HANDLER)) {
    found.push(`The manifest says middleware, and the bytes do not import ${HANDLER}`);
  }
  if (manifest.kind === "provider" && has(imports, HANDLER)) {
    found.push(`The manifest says provider, and the bytes import ${HANDLER}`);
  }
  return [...found, ...unasked("The component", manifest.capabilities, imports)];
}

/** Imports that the manifest of a composed server does not ask for, part by part. */
export function unaskedImports(parts: readonly PartInspection[]): string[] {
  return parts.flatMap(({ as, fused = [as], imports }) =>
    // What is fused asks together, and once is enough to say so.
    fused[0] === as
      ? unasked(
          `"${fused.join("+")}"`,
          parts.filter((part) => fused.includes(part.as)).flatMap(({ capabilities }) => capabilities),
          imports.map((each) => each.interface),
        )
      : [],
  );
}

/** Imports that a manifest must name and does not. */
function unasked(
  who: string,
  capabilities: readonly { interface: string }[],
  imports: readonly string[],
): string[] {
  const asked = new Set(capabilities.map((each) => each.interface));
  return imports
    .map(withoutVersion)
    .filter((name) => ASKED_FOR.includes(name) && !asked.has(name))
    .map((name) => `${who} imports ${name}, and its manifest does not ask for it`);
}

function has(names: readonly string[], name: string): boolean {
  return names.some((each) => withoutVersion(each) === name);
}

function withoutVersion(id: string): string {
  return id.replace(/@.*$/, "");
}
