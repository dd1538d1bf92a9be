/** Inside JSON a line break is white space between tokens, so a blank takes its place without changing a value. */
export function oneLine(json: string): string {
  return !/[\n\r]/.test(json) ? json : json.replaceAll(/[\n\r]/g, " ");
}
