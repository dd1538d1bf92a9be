import { ToolkitError } from "../errors/index.ts";
import { isOciReference, parseReference } from "../oci/index.ts";
import { trustPolicy, type TrustPolicy } from "../signatures/index.ts";
import type { Project } from "./read-project.ts";
import { withPlace } from "./with-place.ts";

/**
 * Reads whose signatures a project trusts, and the keys.
 *
 * @throws {@link ToolkitError} `ERR_CONFIG` for a rule that cannot be meant so, among them one that is for none of the components that the
 * project names; `ERR_FILE` and `ERR_SIGNATURE` for a key that cannot be read; all with the line
 */
export async function readTrust(project: Project): Promise<TrustPolicy> {
  const { file, folder, providers, middleware, describe } = project;
  try {
    const policy = await trustPolicy(file.trust, folder);
    if (file.trust === undefined) return policy;
    const fromRegistries = [...providers, ...middleware].filter(({ reference }) => isOciReference(reference));
    policy.checkUsed(fromRegistries.map(({ reference }) => parseReference(reference)));
    return policy;
  } catch (error) {
    const at = error instanceof ToolkitError ? error.at : undefined;
    throw at === undefined ? error : withPlace(error, describe(at));
  }
}
