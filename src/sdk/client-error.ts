import { ToolError } from "./tool-error.ts";

/** The client answered a question with an error, such as "User rejected sampling request". */
export class ClientError extends ToolError {
  override readonly name: string = "ClientError";
  /** The JSON-RPC code. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
