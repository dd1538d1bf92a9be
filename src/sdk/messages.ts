/** A WIT option: `null` or nothing at all when there is no value. */
export type Option<T> = T | null | undefined;

/** One MCP request or notification, stripped of its transport. Mirrors `request` in `wit/types.wit`. */
export interface Request {
  /** The JSON-RPC id as JSON. Absent for a notification. */
  readonly id?: Option<string>;
  /** The method, for example `tools/call`. */
  readonly method: string;
  /** What the method addresses: a tool or prompt name, a URI, or the cursor of a list. */
  readonly target?: Option<string>;
  /** The `params` object as JSON. */
  readonly params?: Option<string>;
}

/** A JSON-RPC 2.0 error object. Mirrors `rpc-error` in `wit/types.wit`. */
export interface RpcError {
  /** -32602 and the like for the protocol's own errors; other codes lie outside -32768 … -32000. */
  readonly code: number;
  /** One sentence for the client: never a stack trace, a path or a secret. */
  readonly message: string;
  /** Further facts as JSON. */
  readonly data?: Option<string>;
}

/** A refusal that the transport itself shows, such as 401 or 429. Mirrors `refusal` in `wit/types.wit`. */
export interface Refusal {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Header fields to add; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The JSON-RPC error that goes with the status. */
  readonly error: RpcError;
}

/** What must be asked of the client first. Mirrors `input-request` in `wit/types.wit`. */
export interface InputRequest {
  /** A JSON object from a key of the component's choice to one request. */
  readonly requests: string;
  /** State to hand back with the answers, as JSON. */
  readonly state?: Option<string>;
}

/** How a request ended. Mirrors `outcome` in `wit/types.wit`; payloads are JSON text. */
export type Outcome =
  | { readonly tag: "success"; readonly val: string }
  | { readonly tag: "failure"; readonly val: RpcError }
  | { readonly tag: "refused"; readonly val: Refusal }
  | { readonly tag: "input-required"; readonly val: InputRequest }
  | { readonly tag: "accepted" };

/** The JSON-RPC errors a component answers with (JSON-RPC 2.0, section 5.1). */
export const RPC_ERROR = { methodNotFound: -32601, invalidParams: -32602, internalError: -32603 } as const;

/** The outcome for a JSON-RPC error; `data` becomes JSON. */
export function failure(code: number, message: string, data?: object): Outcome {
  const val = data === undefined ? { code, message } : { code, message, data: JSON.stringify(data) };
  return { tag: "failure", val };
}
