/** Gives the line, from 1, of positions that are asked for in ascending order. */
export function lineCounter(text: string): (position: number) => number {
  let [line, next] = [1, text.indexOf("\n")];
  return (position) => {
    while (next !== -1 && next < position) {
      line += 1;
      next = text.indexOf("\n", next + 1);
    }
    return line;
  };
}
