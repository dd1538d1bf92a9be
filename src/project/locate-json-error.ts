/** Says where a JSON text breaks, as `line 3, column 7: …`, from the error `JSON.parse` threw for it. */
export function locateJsonError(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = /position (\d+)/.exec(message)?.[1];
  const reason = message
    .replace(/\s*(?:in JSON )?at position \d+.*$/s, "")
    .replace(/,? ?"[^]*" is not valid JSON$/, "");
  if (position === undefined) return `${reason}, the text ends too early`;
  const before = text.slice(0, Number(position)).split("\n");
  return `line ${before.length}, column ${before.at(-1)!.length + 1}: ${reason}`;
}
