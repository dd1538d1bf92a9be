import { findProgram } from "../../fixtures/programs.ts";
import { startRuntime } from "../../fixtures/runtime-process.ts";
import { bundleFile } from "../bundle-file.ts";
import { suiteCore } from "../suite-core.ts";
import { hostSuite } from "../suite.ts";

const { path: viceroy, missing } = findProgram("viceroy");

hostSuite({
  name: "Viceroy, Fastly's local server,",
  anyHost: true,
  missing,
  async start() {
    const file = await bundleFile((await suiteCore()).bytes, "fastly", {
      // The suite sends what every host can take.
      http: { maxBodyBytes: 1024 * 1024 },
    });
    const options = ["-v", "--addr", "127.0.0.1:0", "-C", file.beside("fastly.toml")];
    const server = await startRuntime(viceroy!, ["serve", ...options, file.path]);
    return {
      url: `${server.origin}/mcp`,
      until: server.until,
      stop: async () => {
        await server.stop();
        await file.remove();
      },
    };
  },
});
