// Serves what the figures are about: `add` and TOOLS - 1 clones of it on PORT, behind the chain named by CHAIN
// (`none` or `access-log`).
import { serveHttp } from "tenon/hosts/node";
import { addCore, readyMade } from "./parts.mjs";

const { PORT = "3000", TOOLS = "1", CHAIN = "none" } = process.env;
const middleware = CHAIN === "none" ? [] : [await readyMade(CHAIN)];
const core = await addCore({ tools: Number(TOOLS), middleware });
const { url } = await serveHttp(core, { port: Number(PORT), host: "127.0.0.1" });
process.stdout.write(`listening on ${url}\n`);
