// npm run serve:bench -- [--port N] [--tools N] [--chain NAME]: serves what the figures are about, `add` and N - 1 clones of it, in the
// foreground. PORT, TOOLS and CHAIN set the same. Chains: `none`; `full`, access-log, auth-jwt and rate-limit, which takes the token that is
// printed; `access-log`; `rate-limit`; `fused` and `apart`, three guards either way; `lists`, ten providers that have something of
// every kind. KV names the store.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keptCore } from "./kept-core.mjs";
import { exitWith, readNumber } from "./options.mjs";

const root = join(import.meta.dirname, "..");
const { PORT = "3000", TOOLS = "1", CHAIN = "none", KV = "memory" } = process.env;
const { values } = parseArgs({
  options: {
    port: { type: "string", default: PORT },
    tools: { type: "string", default: TOOLS },
    chain: { type: "string", default: CHAIN },
  },
});
const port = readNumber("port", values.port, { least: 0, most: 65_535 });
const tools = readNumber("tools", values.tools, { least: 1, most: 1000 });

/** What makes each core. The composer takes longer to load than a core that is kept, so it is loaded where it is needed. */
const parts = () => import("./parts.mjs");
const chains = {
  none: async () => (await parts()).addCore({ tools }),
  full: async () => (await parts()).fullCore({ tools, jwt: (await benchIssuer()).settings }),
  "access-log": async () => {
    const { addCore, readyMade } = await parts();
    return addCore({ tools, middleware: [await readyMade("access-log")] });
  },
  "rate-limit": async () => (await parts()).limitedCore(),
  fused: async () => (await parts()).chainCore(true),
  apart: async () => (await parts()).chainCore(false),
  lists: async () => (await parts()).listCore(),
};
const make = Object.hasOwn(chains, values.chain) ? chains[values.chain] : undefined;
if (!make) exitWith(`There is no chain "${values.chain}". Chains: ${Object.keys(chains).join(", ")}`);

// A checkout that was never built.
if (!existsSync(join(root, "dist", "modules"))) {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", 2, 2] });
}
const core = await keptCore(`${values.chain}-${tools}`, make);
const { createHostServices, openKvStore, serveHttp } = await import("tenon/hosts/node");
const kv = await openKvStore(KV);
const services = (manifest) => createHostServices(manifest, { kv });
const { url } = await serveHttp(core, { port, host: "127.0.0.1", services });
const credential = values.chain === "full" ? `authorization: Bearer ${(await benchIssuer()).token()}\n` : "";
process.stdout.write(`${credential}listening on ${url}\n`);

async function benchIssuer() {
  return (await import("./issuer.mjs")).keptIssuer();
}
