/** A place in a trace, as `traceparent` has it. */
export interface TracePlace {
  traceId: string;
  spanId: string;
  /** Eight bits, of which the lowest says that the trace is sampled. */
  traceFlags: number;
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})$/;

/** Reads a `traceparent`; nothing for a text that is none. */
export function parseTraceparent(text: string | undefined): TracePlace | undefined {
  const match = text === undefined ? undefined : TRACEPARENT.exec(text);
  if (!match) return undefined;
  const [, traceId, spanId, flags] = match as unknown as [string, string, string, string];
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** Writes a `traceparent` of version 00. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TracePlace): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}
