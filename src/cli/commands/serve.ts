import { loadCore, serveHttp, serveStdio } from "../../../hosts/node/index.ts";
import { ungrantedCapabilities } from "../../manifest/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { readInput } from "../files.ts";
import { lendServices, unsetWarnings } from "../lend-services.ts";
import { printWarnings } from "../print-error.ts";
import { announce, interrupted, readAddress } from "../serving.ts";
import { readStateKeys, stateKeyWarnings } from "../state-keys.ts";

const HELP = `Serves a composed core over MCP on Node.

Usage: tenon serve [core.wasm | tenon.json] [--port 3000] [--host 127.0.0.1] [--kv memory]
       tenon serve [core.wasm | tenon.json] --stdio [--kv memory]

      --port <number>   TCP port, 0 for any free one (default: 3000; environment: PORT, TENON_PORT)
      --host <address>  address to listen on (default: 127.0.0.1; environment: TENON_HOST)
      --stdio           speak MCP on stdin and stdout instead of HTTP
      --kv <store>      where granted keys are kept: memory, or file:<path> to keep them across restarts
                        (default: memory; environment: TENON_KV)
      --state-key <source>
                        env:NAME or file:<path> with the key that seals what clients carry while they are asked
                        something: 32 bytes in base64 or hex; of several, the first one seals and all open
                        (default: TENON_STATE_KEY, else a random key)

Granted configuration is read from TENON_CONFIG_<KEY>, granted secrets from TENON_SECRET_<NAME>: upper case, with _ for
- and . of the name.

A tenon.json (the default, in this folder) is composed first. Logs go to stderr. Ends on SIGINT and SIGTERM once
the calls in flight are answered.

Examples:
  tenon serve                         # http://127.0.0.1:3000/mcp from ./tenon.json
  tenon serve core.wasm --port 0      # prints the port it took
  tenon serve core.wasm --stdio       # as the command of a local MCP server
`;

/** `tenon serve`: the Node host. */
export const serve: Command = {
  help: HELP,
  async run(argv) {
    const { positionals, values } = parseArguments("serve", argv, {
      port: { type: "string" },
      host: { type: "string" },
      stdio: { type: "boolean" },
      kv: { type: "string" },
      "state-key": { type: "string" },
    });
    if (positionals.length > 1) throw usageError("serve", "more than one file is given");
    if (values.stdio && (values.port || values.host)) {
      throw usageError("serve", '"--stdio" does not go with "--port" or "--host"');
    }
    const address = readAddress("serve", values);
    const stateKeys = await readStateKeys(values["state-key"] as string | undefined);
    const path = positionals[0] ?? "tenon.json";
    const core = await loadCore(await readCore(path), { name: path });
    printWarnings([
      ...ungrantedCapabilities(core.manifest),
      ...unsetWarnings(core.manifest),
      ...stateKeyWarnings(core.manifest, stateKeys),
    ]);
    const keys = stateKeys && { stateKeys };
    const { services, close } = await lendServices(values.kv as string | undefined);
    try {
      if (values.stdio) {
        await serveStdio(core, { input: process.stdin, output: process.stdout, services, ...keys });
        return 0;
      }
      const server = await serveHttp(core, { ...address, services, ...keys });
      announce(server, core.manifest);
      await interrupted();
      await server.close();
      return 0;
    } finally {
      await close();
    }
  },
};

/** The composer is loaded only where there is something to compose. */
async function readCore(path: string): Promise<Uint8Array> {
  if (path.endsWith(".wasm")) return readInput(path, "core");
  const { composeProject } = await import("../../project/index.ts");
  const { bytes, warnings } = await composeProject(path);
  printWarnings(warnings);
  return bytes;
}
