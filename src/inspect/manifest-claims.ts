import type { Manifest, PartManifest } from "../manifest/index.ts";
import type { Description, PartInspection } from "./inspection.ts";

/** What a manifest says of the whole. */
export function headingOf({ name, version, title, description }: Manifest): Partial<Description> {
  return {
    name,
    version,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
  };
}

/** What a manifest says of a part. */
export function identityOf(
  part: PartManifest & { methods?: string[]; asks?: true },
  role: "middleware" | "provider",
): Omit<PartInspection, "imports"> {
  const { as, name, version, toolchain, methods, asks, digest, capabilities, grants } = part;
  return {
    as,
    role,
    name,
    version,
    toolchain,
    ...(methods && { methods }),
    ...(asks && { asks }),
    digest,
    capabilities,
    ...(grants && { grants }),
  };
}
