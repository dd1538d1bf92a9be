import { Fields, OutgoingBody, OutgoingResponse, ResponseOutparam } from "tenon-wasi:http/types@0.2.0";
import { writeAll } from "../wasi/stream.ts";
import { bytesOf } from "../wasi/text.ts";

/** A response whose head was sent. */
export interface OpenResponse {
  /** Sends a part at once. False once the client has gone away. */
  write(content: Uint8Array): boolean;
  /** Says that nothing follows. */
  end(): void;
}

/** Sends the head of a response. */
export function openResponse(
  out: ResponseOutparam,
  { status, headers }: { status: number; headers: readonly (readonly [string, string])[] },
): OpenResponse {
  const response = new OutgoingResponse(allowedFields(headers));
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(out, { tag: "ok", val: response });
  const stream = body.write();
  let isOpen = true;
  return {
    write(content) {
      isOpen &&= writeAll(stream, content);
      return isOpen;
    },
    end() {
      stream[Symbol.dispose]();
      // A body that is dropped without its end is a broken one, which is what its reader must not take it for.
      if (isOpen) finish(body);
      else body[Symbol.dispose]();
    },
  };
}

function finish(body: OutgoingBody): void {
  try {
    OutgoingBody.finish(body, undefined);
  } catch {
    // The client went away at the last moment.
  }
}

/** Leaves out what only the host may set; one such field makes it refuse all. */
function allowedFields(headers: readonly (readonly [string, string])[]): Fields {
  const fields = headers.map(([name, value]): [string, Uint8Array] => [name, bytesOf(value)]);
  try {
    return Fields.fromList(fields);
  } catch {
    return Fields.fromList(fields.filter((field) => isAllowed(field)));
  }
}

function isAllowed(field: [string, Uint8Array]): boolean {
  try {
    Fields.fromList([field])[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
