import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import type { HostImports } from "./host-imports.ts";

/**
 * WASI 0.2 with everything that this process may do: all files under `/`, the network without any rule, and the given
 * environment. Standard input is closed, and standard output goes to stderr: both may carry the protocol of the server.
 */
export function createUnsafeImports(environment: Record<string, string>): HostImports {
  const shim = new WASIShim({ sandbox: { preopens: { "/": "/" }, env: environment, args: [] } });
  const imports = shim.getImportObject() as unknown as HostImports;
  // Every part has these as well, and this host bounds them.
  const others = Object.entries(imports).filter(
    ([name]) => !/^wasi:(?:random\/|clocks\/wall-clock)/.test(name),
  );
  return {
    ...Object.fromEntries(others),
    "wasi:cli/stdin": {
      getStdin: () => {
        throw new Error("standard input is closed");
      },
    },
    "wasi:cli/stdout": { getStdout: imports["wasi:cli/stderr"]!["getStderr"] },
  };
}
