import type { RepositorySettings } from "../oci/index.ts";
import type { Arguments, Option } from "./arguments.ts";
import { usageError } from "./arguments.ts";
import { showTransfers } from "./show-transfers.ts";

/** Options of commands that talk to a registry. */
export const REGISTRY_OPTIONS: Readonly<Record<string, Option>> = {
  "plain-http": { type: "boolean" },
  "auth-realm": { type: "string", multiple: true },
};

/** Lines of the help page for {@link REGISTRY_OPTIONS}. */
export const REGISTRY_OPTIONS_HELP = `      --plain-http          speak http with the registry, and send it credentials in clear
                            (default: https; on this machine http where there is no TLS)
      --auth-realm <host>   host that makes the tokens of this registry and may have its credentials;
                            once for each (default: the registry itself)`;

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/** What the command line says of the registry. @throws ToolkitError `ERR_USAGE` */
export function registrySettings(command: string, values: Arguments["values"]): RepositorySettings {
  const authRealms = (values["auth-realm"] as string[] | undefined) ?? [];
  for (const host of authRealms) {
    if (!HOST.test(host)) {
      throw usageError(
        command,
        `"${host}" is not a host`,
        'Write it as "auth.example" or "auth.example:8443"',
      );
    }
  }
  return {
    authRealms,
    ...(values["plain-http"] === true && { plainHttp: true }),
    onProgress: showTransfers(process.stderr),
  };
}
