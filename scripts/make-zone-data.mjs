// Writes components/time/zone-data.json: the time zones of moment-timezone's data, which is the IANA database compiled,
// without what lies outside the years that the component tells. The whole is 0.7 MB, most of it before 1970 and after 2050.
//
//   node scripts/make-zone-data.mjs           writes the file
//   node scripts/make-zone-data.mjs --check   fails when the file is not what would be written
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const OUTPUT = fileURLToPath(new URL("../components/time/zone-data.json", import.meta.url));
const END = Date.UTC(2050, 0, 1) / 30_000;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX";

const { version, zones, links, countries } = createRequire(import.meta.url)(
  "moment-timezone/data/packed/latest.json",
);
const content = `${JSON.stringify({ version, zones: zones.map(shortened), links, countries }, null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(OUTPUT, content);
} else if (readFileSync(OUTPUT, "utf8") !== content) {
  console.error("Error: components/time/zone-data.json is not made from the installed moment-timezone");
  console.error("Hint:  node scripts/make-zone-data.mjs");
  process.exitCode = 1;
}

/**
 * `name|abbreviations|offsets|kind of each period|ends of the periods`: offsets in seconds ahead of UTC, ends in half
 * minutes since 1970, each from the one before, in base 36: they repeat from year to year and so compress well.
 */
function shortened(line) {
  const [name, abbreviations, offsets, kinds, steps] = line.split("|");
  let minutes = 0;
  const ends = (steps === "" ? [] : steps.split(" ")).map(
    (step) => Math.round((minutes += fromBase60(step)) * 60) / 30,
  );
  const skipped = ends.filter((end) => end <= 0).length;
  const kept = ends.filter((end) => end > 0 && end < END);
  const used = Array.from(kinds.slice(skipped, skipped + kept.length + 1), (digit) => DIGITS.indexOf(digit));
  const order = [...new Set(used)];
  const pick = (list) => order.map((kind) => list.split(" ")[kind]);
  return [
    name,
    pick(abbreviations).join(" "),
    pick(offsets)
      .map((offset) => -Math.round(fromBase60(offset) * 60) || 0)
      .join(" "),
    used.map((kind) => order.indexOf(kind).toString(36)).join(""),
    kept.map((end, index) => toBase36(end - (kept[index - 1] ?? 0))).join(" "),
  ].join("|");
}

function toBase36(halfMinutes) {
  if (!Number.isInteger(halfMinutes))
    throw new Error(`A change ${halfMinutes} half minutes after the one before`);
  return halfMinutes.toString(36);
}

/** Numbers as moment-timezone packs them: in minutes, with digits after the point in base 60 as well. */
function fromBase60(text) {
  const [whole, fraction = ""] = text.replace("-", "").split(".");
  let value = 0;
  for (const digit of whole) value = value * 60 + DIGITS.indexOf(digit);
  let unit = 1;
  for (const digit of fraction) value += DIGITS.indexOf(digit) * (unit /= 60);
  return text.startsWith("-") ? -value : value;
}
