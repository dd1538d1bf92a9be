let context = "{}";
let source: string | undefined;

/**
 * Says whose call is served from now on, by its context as JSON, until what this returns is called.
 *
 * @param as Which of several parts in one component serves it. Default: there is one part.
 */
export function enterCall(text: string, as?: string): () => void {
  const outer = { context, source };
  context = text;
  source = as;
  return () => {
    ({ context, source } = outer);
  };
}

/** The context of the call in flight, as JSON. */
export function contextInFlight(): string {
  return context;
}

/** The part that serves the call in flight, where several share the component. */
export function partInFlight(): string | undefined {
  return source;
}
