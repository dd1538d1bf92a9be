// What the programs of this folder do with their options.

/** The number that an option gives. Anything else than one from `least` to `most` ends the program with status 2. */
export function readNumber(name, text, { least, most, whole = true }) {
  const number = /^\d{1,5}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most && (!whole || Number.isInteger(number))) return number;
  exitWith(`--${name} takes a ${whole ? "whole " : ""}number from ${least} to ${most}, not "${text}"`);
  return Number.NaN;
}

/** Ends the program because it was called wrongly. */
export function exitWith(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
