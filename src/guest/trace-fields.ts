import { contextInFlight } from "./call-in-flight.ts";
import { randomBytes } from "./random-source.ts";

const PARENT_BYTES = 8;
/** Sampled, and random; what other flags mean is not known. */
const FLAGS = 0b11;

/** What a context says of the trace its call belongs to. */
interface Trace {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

let read: { readonly context: string; readonly trace: Trace } | undefined;

/**
 * The header fields that tell a server which trace a request belongs to: those of the call in flight, with another parent for
 * each request. None when the call is in no trace.
 *
 * @see https://www.w3.org/TR/trace-context/#mutating-the-traceparent-field
 */
export function traceFields(): readonly (readonly [name: string, value: string])[] {
  const context = contextInFlight();
  if (read?.context !== context) read = { context, trace: JSON.parse(context) as Trace };
  const { traceparent, tracestate } = read.trace;
  if (traceparent === undefined) return [];
  const [, traceId, , flags] = traceparent.split("-");
  const parentId = Array.from(randomBytes(PARENT_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const fields: (readonly [string, string])[] = [
    ["traceparent", `00-${traceId}-${parentId}-0${Number.parseInt(flags!, 16) & FLAGS}`],
  ];
  if (tracestate !== undefined) fields.push(["tracestate", tracestate]);
  return fields;
}
