// schema/limits.schema.json and the table of limits in docs/hosts/node.md say what the definition of limits says. This writes
// both; with --check it only says whether they are current.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { LIMITS } from "../dist/hosts/node/limits/definition.js";

const SCHEMA = "schema/limits.schema.json";
const DOCS = "docs/hosts/node.md";
const BEFORE = "<!-- limits: written by scripts/write-limits.mjs -->\n\n";
const AFTER = "\n<!-- end of limits -->";
const STEPS = {
  bytes: [1024, ["bytes", "KiB", "MiB", "GiB"]],
  MiB: [1024, ["MiB", "GiB"]],
};

keep(SCHEMA, () => `${JSON.stringify(schema(), null, 2)}\n`);
keep(DOCS, withTable);

/**
 * @param {string} path
 * @param {(before: string) => string} write
 */
function keep(path, write) {
  const file = new URL(`../${path}`, import.meta.url);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const text = write(before);
  if (before === text) return;
  if (process.argv.includes("--check")) {
    process.stderr.write(`${path} is not current: run npm run build:js && node scripts/write-limits.mjs\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, text);
  }
}

function schema() {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://tenon.invalid/schema/limits.schema.json",
    title: "Limits of tenon serve",
    description: "Limits of the Node host. What is left out has its default.",
    type: "object",
    additionalProperties: false,
    properties: { $schema: { type: "string" }, ...mapEntries(LIMITS, sectionSchema) },
  };
}

function sectionSchema(members) {
  return { type: "object", additionalProperties: false, properties: mapEntries(members, memberSchema) };
}

function memberSchema({ about, unit, normal, range: [minimum, maximum] }) {
  const inUnits = unit === "count" ? "" : ` In ${unit}.`;
  return {
    type: "integer",
    minimum,
    maximum,
    ...(typeof normal === "number" && { default: normal }),
    description: `${about[0].toUpperCase()}${about.slice(1)}.${inUnits} Default: ${typeof normal === "number" ? shown(normal, unit) : normal}.`,
  };
}

function withTable(docs) {
  const [from, to] = [docs.indexOf(BEFORE), docs.indexOf(AFTER)];
  if (from === -1 || to === -1) throw new Error(`${DOCS} has no place for the table of limits`);
  return docs.slice(0, from + BEFORE.length) + table() + docs.slice(to);
}

function table() {
  const rows = Object.entries(LIMITS).flatMap(([section, members]) =>
    Object.entries(members).map(([member, { about, unit, normal, range }]) => {
      const usual = typeof normal === "number" ? shown(normal, unit) : normal;
      return `| \`${section}.${member}\` | ${about} | ${usual} | ${range.map((each) => shown(each, unit)).join(" to ")} |`;
    }),
  );
  return ["| member | what it bounds | default | may be |", "| --- | --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}

/** A number of units as people write it. */
function shown(value, unit) {
  if (unit === "count") return value.toLocaleString("en");
  if (unit === "milliseconds") return duration(value);
  const [step, names] = STEPS[unit];
  let rest = value;
  let at = 0;
  while (at + 1 < names.length && rest >= step && rest % step === 0) [rest, at] = [rest / step, at + 1];
  return `${rest.toLocaleString("en")} ${names[at]}`;
}

function duration(ms) {
  for (const [size, name] of [
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ]) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${name}`;
  }
  return `${ms} ms`;
}

function mapEntries(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
