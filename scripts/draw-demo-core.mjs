// Draws the server of this repository's tenon.json for the docs: docs/images/demo-core.svg. Run it after `npm run build`
// when a part, a grant or the picture itself has changed; a test says when.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect, renderGraph } from "../dist/src/inspect/index.js";
import { composeProject } from "../dist/src/project/index.js";

const root = join(import.meta.dirname, "..");
const output = join(root, "docs", "images", "demo-core.svg");

const { bytes } = await composeProject(join(root, "tenon.json"));
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, renderGraph(await inspect(bytes)));
