const LINE_FEED = 10;

/** A line of a file. */
export interface SplitLine {
  /** Its bytes without the line feed; nothing when it is too long. */
  readonly line: Buffer | undefined;
  /** Its bytes in the file, with the line feed. */
  readonly length: number;
  /** False for what follows the last line feed. */
  readonly isWhole: boolean;
}

/** Splits what is read into lines. No more than one line of `maxBytes` is kept. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<SplitLine, void, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (isWhole: boolean): SplitLine => {
    const line = length <= maxBytes ? Buffer.concat(parts) : undefined;
    const whole = { line: isWhole ? line?.subarray(0, -1) : line, length, isWhole };
    parts = [];
    length = 0;
    return whole;
  };
  const add = (part: Uint8Array): void => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
    else parts = [];
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, at + 1));
      start = at + 1;
      yield take(true);
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (length > 0) yield take(false);
}
