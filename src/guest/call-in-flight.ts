let context = "{}";
let source: string | undefined;

/**
 * Says whose call is served from now on.
 *
 * @param text Its context as JSON.
 * @param as Which of several parts in one component serves it. Default: there is one part.
 */
export function setCallInFlight(text: string, as: string | undefined): void {
  context = text;
  source = as;
}

/** The context of the call in flight, as JSON; `{}` when there is none. */
export function contextInFlight(): string {
  return context;
}

/** The part that serves the call in flight, where several share the component. */
export function partInFlight(): string | undefined {
  return source;
}
