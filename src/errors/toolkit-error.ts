/** Every code a {@link ToolkitError} may carry. Codes are stable; messages are not. */
export type ErrorCode =
  | "ERR_USAGE"
  | "ERR_FILE"
  | "ERR_WASM_DECODE"
  | "ERR_WASM_ENCODE"
  | "ERR_MANIFEST"
  | "ERR_CONFIG"
  | "ERR_BUILD_SOURCE"
  | "ERR_BUILD_DEFINITION"
  | "ERR_BUILD_ENGINE"
  | "ERR_COMPOSE_NAME"
  | "ERR_COMPOSE_TOOL_COLLISION"
  | "ERR_COMPOSE_RESOURCE_COLLISION"
  | "ERR_COMPOSE_PROMPT_COLLISION"
  | "ERR_COMPOSE_DYNAMIC_COLLISION"
  | "ERR_COMPOSE_MISSING_INTERFACE"
  | "ERR_COMPOSE_INTERFACE_MISMATCH"
  | "ERR_COMPOSE_SETTINGS"
  | "ERR_COMPOSE_FORBIDDEN_IMPORT"
  | "ERR_COMPOSE_ACCESS"
  | "ERR_COMPOSE_ORDER"
  | "ERR_COMPOSE_REQUIREMENT"
  | "ERR_COMPOSE_RULE"
  | "ERR_COMPOSE_GRANT"
  | "ERR_HOST_CORE"
  | "ERR_HOST_LISTEN"
  | "ERR_HOST_STORE"
  | "ERR_OCI_REFERENCE"
  | "ERR_OCI_AUTH"
  | "ERR_OCI_NOT_FOUND"
  | "ERR_OCI_REFUSED"
  | "ERR_OCI_CONTENT"
  | "ERR_OCI_NETWORK"
  | "ERR_SIGNATURE"
  | "ERR_TRUST"
  | "ERR_LOCK"
  | "ERR_AUDIT"
  | "ERR_CALL"
  | "ERR_TOOL_MISSING";

/** What a {@link ToolkitError} is made of. */
export interface ToolkitErrorOptions {
  /** Stable code for programs. */
  code: ErrorCode;
  /** One sentence on what to do next, without a full stop. */
  hint?: string;
  /** Further lines: the actual state, one fact a line. */
  details?: readonly string[];
  /**
   * Where in the input the fault lies, as keys and indexes from its root, such as `["grants", "notes", "kv", 0]`. Whoever
   * read the input from a file adds the line.
   */
  at?: readonly (string | number)[];
  /** The error that led to this one; shown only with `TENON_DEBUG=1`. */
  cause?: unknown;
}

/**
 * A failure of the toolchain, for the person who ran it. It never crosses the wire: hosts answer clients with
 * JSON-RPC errors, which are another family.
 *
 * The message says first what could not be done and to what, then after a colon the actual state, without a full
 * stop.
 */
export class ToolkitError extends Error {
  override readonly name = "ToolkitError";
  /** Stable code for programs. */
  readonly code: ErrorCode;
  /** What to do next, if anything helps. */
  readonly hint: string | undefined;
  /** The actual state, one fact a line. */
  readonly details: readonly string[];
  /** Where in the input the fault lies, if that is known. */
  readonly at: readonly (string | number)[] | undefined;

  constructor(message: string, options: ToolkitErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.at = options.at;
  }
}
