import { ToolkitError } from "../errors/index.ts";
import type { BundleInput } from "./bundle.ts";

/** Names that Fastly keeps for itself. */
const RESERVED = /^(?:stdout$|stderr$|fst_managed_)/i;

/**
 * Checks the name of a log endpoint.
 *
 * @throws ToolkitError `ERR_CONFIG` when the host has none, or none of that name can be.
 */
export function checkLogEndpoint({ host, logEndpoint }: BundleInput): void {
  if (logEndpoint === undefined) return;
  const cannot = `Cannot bundle for ${host} with the log endpoint ${JSON.stringify(logEndpoint)}`;
  if (host !== "fastly") {
    throw new ToolkitError(`${cannot}: ${host} has none`, {
      code: "ERR_CONFIG",
      hint: "Leave it out: lines go to standard error",
    });
  }
  if (!/^[\w .-]{1,255}$/.test(logEndpoint) || RESERVED.test(logEndpoint)) {
    throw new ToolkitError(`${cannot}: it is no name of an endpoint`, {
      code: "ERR_CONFIG",
      hint: "Use 1 to 255 letters, digits, spaces and _ - . as in the service; stdout, stderr and names with fst_managed_ are reserved",
    });
  }
}
