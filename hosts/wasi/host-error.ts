/**
 * Thrown by a service for what its WIT calls an error: `tag` and `val` are the case and its payload. It is no `Error`, whose
 * members the engine does not look at.
 */
export class HostError {
  readonly tag: string;
  readonly val: string | undefined;

  constructor(tag: string, val?: string) {
    this.tag = tag;
    this.val = val;
  }
}
