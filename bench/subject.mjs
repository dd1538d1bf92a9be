// Serves what the figures are about: `add` and TOOLS - 1 clones of it on PORT, behind the chain named by CHAIN
// (`none`, `access-log`, `rate-limit` with the store KV, or `fused` and `apart` for one of three); or, for the chain `lists`, ten providers that have something of
// every kind.
import { createHostServices, openKvStore, serveHttp } from "tenon/hosts/node";
import { addCore, chainCore, limitedCore, listCore, readyMade } from "./parts.mjs";

const { PORT = "3000", TOOLS = "1", CHAIN = "none", KV = "memory" } = process.env;
const cores = {
  lists: listCore,
  "rate-limit": limitedCore,
  fused: () => chainCore(true),
  apart: () => chainCore(false),
};
const core = await (cores[CHAIN] ?? simpleCore)();
const kv = await openKvStore(KV);
const services = (manifest) => createHostServices(manifest, { kv });
const { url } = await serveHttp(core, { port: Number(PORT), host: "127.0.0.1", services });
process.stdout.write(`listening on ${url}\n`);

async function simpleCore() {
  const middleware = CHAIN === "none" ? [] : [await readyMade(CHAIN)];
  return addCore({ tools: Number(TOOLS), middleware });
}
