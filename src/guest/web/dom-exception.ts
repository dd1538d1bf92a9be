/** The engine's own class, which TypeScript's library does not know. */
export interface DOMException extends Error {
  readonly code: number;
}

export const DOMException: new (message?: string, name?: string) => DOMException = Reflect.get(
  globalThis,
  "DOMException",
) as new (message?: string, name?: string) => DOMException;
