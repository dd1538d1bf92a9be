import type {
  AppliedRequirement,
  Authentication,
  CoreManifest,
  Manifest,
  PartManifest,
} from "../manifest/index.ts";
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
  part: PartManifest & {
    methods?: string[];
    authenticates?: Authentication;
    requires?: AppliedRequirement[];
    asks?: true;
  },
  role: "middleware" | "provider",
): Omit<PartInspection, "imports"> {
  const { as, name, version, toolchain, methods, authenticates, requires, asks } = part;
  const { digest, capabilities, grants } = part;
  return {
    as,
    role,
    name,
    version,
    toolchain,
    ...(methods && { methods }),
    ...(authenticates && { authenticates: true }),
    ...(requires && { requires }),
    ...(asks && { asks }),
    digest,
    capabilities,
    ...(grants && { grants }),
  };
}

/** What the manifest of a composed server says of the whole besides. */
export function serverOf(manifest: CoreManifest): Partial<Description> {
  const { access, websiteUrl, icons, instructions, cache, policyDigest } = manifest;
  return {
    access,
    ...(websiteUrl !== undefined && { websiteUrl }),
    ...(icons && { icons }),
    ...(instructions !== undefined && { instructions }),
    cache,
    policyDigest,
  };
}
