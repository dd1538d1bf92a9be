// Serves what the figures are about: `add` and TOOLS - 1 clones of it on PORT, behind the chain named by CHAIN
// (`none` or `access-log`); or, for the chain `lists`, ten providers that have something of every kind.
import { serveHttp } from "tenon/hosts/node";
import { addCore, listCore, readyMade } from "./parts.mjs";

const { PORT = "3000", TOOLS = "1", CHAIN = "none" } = process.env;
const core = CHAIN === "lists" ? await listCore() : await chainCore();
const { url } = await serveHttp(core, { port: Number(PORT), host: "127.0.0.1" });
process.stdout.write(`listening on ${url}\n`);

async function chainCore() {
  const middleware = CHAIN === "none" ? [] : [await readyMade(CHAIN)];
  return addCore({ tools: Number(TOOLS), middleware });
}
