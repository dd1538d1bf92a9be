/** A request that ended with an error of the protocol, as a client would see it. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** The JSON-RPC code, such as -32602 for what does not exist or does not match. */
  readonly code: number;
  /** Further facts, where the server gave any. */
  readonly data: unknown;
  /** HTTP status that a middleware refused the request with. */
  readonly status: number | undefined;
  /** Header fields that go with the status; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    error: { readonly code: number; readonly message: string; readonly data?: unknown },
    refusal: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(error.message);
    this.code = error.code;
    this.data = error.data;
    this.status = refusal.status;
    this.headers = refusal.headers ?? {};
  }
}
