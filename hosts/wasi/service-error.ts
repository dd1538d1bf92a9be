/** Thrown by a service for what its WIT calls an error: a case and its payload. */
export class ServiceError extends Error {
  /** What the engine gives to the caller. */
  readonly payload: { tag: string; val?: string };

  constructor(tag: string, val?: string) {
    super(val ?? tag);
    this.payload = val === undefined ? { tag } : { tag, val };
  }
}
