let context = "{}";

/** Says whose call is served from now on, by its context as JSON. */
export function enterCall(text: string): void {
  context = text;
}

/** The context of the call in flight, as JSON. */
export function contextInFlight(): string {
  return context;
}
