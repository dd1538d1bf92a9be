import { ToolkitError, type ErrorCode } from "../errors/index.ts";

/** What is said of a {@link RegistryFailure} beyond its state. */
export interface FailureOptions {
  hint?: string;
  details?: readonly string[];
  cause?: unknown;
  /** Set where trying again may help; the pause that the registry asks for, in milliseconds, if it asks for one. */
  again?: { pauseMs?: number };
}

/** Why an exchange with a registry failed, for whoever knows what it was for. */
export class RegistryFailure extends Error {
  readonly code: ErrorCode;
  readonly options: FailureOptions;

  /** @param state How things are: the end of "Cannot ...: ". */
  constructor(state: string, code: ErrorCode, options: FailureOptions = {}) {
    super(state, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.options = options;
  }
}

/** A failure to take what came for what was asked for. */
export function contentFailure(state: string, options?: FailureOptions): RegistryFailure {
  return new RegistryFailure(state, "ERR_OCI_CONTENT", options);
}

/** Does what `action` names, such as `fetch "oci://..."`, and says so when a registry makes it fail. */
export async function explaining<Result>(action: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RegistryFailure)) throw error;
    const { hint, details, cause } = error.options;
    throw new ToolkitError(`Cannot ${action}: ${error.message}`, {
      code: error.code,
      ...(hint !== undefined && { hint }),
      ...(details !== undefined && { details }),
      ...(cause !== undefined && { cause }),
    });
  }
}

/** Text of a registry for a terminal: one line without control characters, and not long. */
export function foreignText(text: string): string {
  return text
    .slice(0, 300)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Z}]+/gu, " ")
    .trim();
}
