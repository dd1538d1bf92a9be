// schema/tenon.schema.json stands alone, so that editors can read it, and says of names, versions and grants what
// schema/manifest.schema.json says. This copies those definitions; with --check it only says whether they are current.
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const [source, target] = ["manifest", "tenon"].map(
  (name) => new URL(`../schema/${name}.schema.json`, import.meta.url),
);
const { $defs: definitions } = JSON.parse(readFileSync(source, "utf8"));
const schema = JSON.parse(readFileSync(target, "utf8"));
const shared = Object.fromEntries(Object.keys(schema.$defs).map((name) => [name, definitions[name]]));
const missing = Object.keys(shared).filter((name) => shared[name] === undefined);
if (missing.length > 0) throw new Error(`schema/manifest.schema.json does not define ${missing.join(", ")}`);

if (!process.argv.includes("--check")) {
  writeFileSync(target, `${JSON.stringify({ ...schema, $defs: shared }, null, 2)}\n`);
} else if (!isDeepStrictEqual(schema.$defs, shared)) {
  process.stderr.write(
    "schema/tenon.schema.json is not current: run node scripts/share-schema-definitions.mjs\n",
  );
  process.exitCode = 1;
}
