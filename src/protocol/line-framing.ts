const LINE_FEED = 0x0a;

/** Cuts a stream of bytes into lines. */
export interface LineFramer {
  /** Takes bytes and gives the lines they complete, without line feeds; `too-large` stands for one over the limit. */
  push(bytes: Uint8Array): (Uint8Array | "too-large")[];
  /** The last line, when the stream ends without a line feed. */
  end(): Uint8Array | "too-large" | undefined;
}

/** Creates a {@link LineFramer}; a line may have `maxBytes` bytes, and never more are kept. */
export function createLineFramer(maxBytes: number): LineFramer {
  let pending: Uint8Array[] = [];
  let length = 0;

  function append(bytes: Uint8Array): void {
    length += bytes.length;
    if (length > maxBytes) pending = [];
    else if (bytes.length > 0) pending.push(bytes);
  }

  function take(): Uint8Array | "too-large" {
    const line = length > maxBytes ? "too-large" : joined(pending, length);
    pending = [];
    length = 0;
    return line;
  }

  return {
    push(bytes) {
      const lines: (Uint8Array | "too-large")[] = [];
      let from = 0;
      for (;;) {
        const to = bytes.indexOf(LINE_FEED, from);
        if (to === -1) break;
        append(bytes.subarray(from, to));
        lines.push(take());
        from = to + 1;
      }
      append(bytes.subarray(from));
      return lines;
    },
    end: () => (length === 0 ? undefined : take()),
  };
}

function joined(parts: Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
