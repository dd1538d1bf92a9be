import * as v from "valibot";

/** Characters of one text argument: what fits into a request of 1 MiB. */
const MAX_LENGTH = 1_000_000;

/** Schema of a text argument. */
export function text(description: string) {
  return v.pipe(v.string(), v.maxLength(MAX_LENGTH), v.description(description));
}

/** Schema of a whole number that may be left out. */
export function count(
  description: string,
  limits: { readonly least: number; readonly most: number; readonly usual: number },
) {
  const { least, most, usual } = limits;
  return v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most), v.description(description)),
    usual,
  );
}

/** Schema of a choice that may be left out. */
export function flag(description: string) {
  return v.optional(v.pipe(v.boolean(), v.description(description)), false);
}

/** Schema of a whole number in a result. */
export function whole(description?: string) {
  const integer = v.pipe(v.number(), v.integer());
  return description === undefined ? integer : v.pipe(integer, v.description(description));
}

/** The lines of a text, without their ends. A line end at the end of the text starts no further line. */
export function linesOf(content: string): string[] {
  const lines = content.split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
