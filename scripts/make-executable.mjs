// The compiler writes plain files; `npx tenon` in this repository runs the command line as a program.
import { chmodSync } from "node:fs";
import { join } from "node:path";

chmodSync(join(import.meta.dirname, "..", "dist", "src", "cli", "main.js"), 0o755);
