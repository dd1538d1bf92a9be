import { subscribeDuration } from "tenon-wasi:clocks/monotonic-clock@0.2.0";
import { handle } from "tenon-wasi:http/outgoing-handler@0.2.0";
import {
  Fields,
  OutgoingBody,
  OutgoingRequest,
  type ErrorCode,
  type FutureIncomingResponse,
  type IncomingBody,
  type IncomingResponse,
} from "tenon-wasi:http/types@0.2.0";
import type { Pollable } from "tenon-wasi:io/poll@0.2.0";
import type { InputStream, OutputStream } from "tenon-wasi:io/streams@0.2.0";
import { HOST_FIELDS } from "../../src/http/host-rules.ts";
import { describeFailure } from "./outbound-failure.ts";
import {
  MAX_BODY_BYTES,
  MAX_HEADER_CHARACTERS,
  type Body,
  type OutboundRequest,
} from "./outbound-request.ts";
import { ServiceError } from "./service-error.ts";
import { isClosed } from "./stream.ts";
import { binaryString, bytesOf, decodeUtf8 } from "./text.ts";

/** How a request ended, as `tenon:host/http` has it. */
export type HttpResult =
  | { tag: "ok"; val: { status: number; headers: [string, string][]; body: Body } }
  | { tag: "err"; val: { tag: string; val?: string } };

const NANOSECONDS = 1_000_000;
const PIECE_BYTES = 65_536;
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** A resource of the host, to be dropped before what it is a child of. */
interface Resource {
  [Symbol.dispose](): void;
}

/** One request on its way. */
export class OutboundExchange {
  /** How it ended; nothing while it is in flight. */
  result: HttpResult | undefined;
  readonly #timer: Pollable;
  /** In the order they were made. */
  readonly #open: Resource[] = [];
  #sending: { body: OutgoingBody; stream: OutputStream; rest: Uint8Array } | undefined;
  #future: FutureIncomingResponse | undefined;
  #response: { status: number; headers: [string, string][]; stream: InputStream } | undefined;
  #content = "";

  /** @throws ServiceError when the host does not begin it. */
  constructor(request: OutboundRequest, timeoutMs: number) {
    this.#timer = subscribeDuration(timeoutMs * NANOSECONDS);
    this.#open.push(this.#timer);
    try {
      this.#begin(request);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Goes as far as it gets without waiting. */
  advance(): void {
    if (this.result !== undefined) return;
    try {
      if (this.#sending !== undefined) this.#send(this.#sending);
      if (this.#response === undefined) this.#receiveHead();
      if (this.#response !== undefined) this.#receiveContent(this.#response);
    } catch (error) {
      this.#end({ tag: "err", val: failureOf(error) });
    }
  }

  /** What to wait for: the time it has, which stays its own, and what is to be dropped after it was waited for. */
  waitsFor(): { timer: Pollable; others: Pollable[] } {
    const { stream } = this.#response ?? {};
    return {
      timer: this.#timer,
      others: [
        ...(this.#sending === undefined ? [] : [this.#sending.stream.subscribe()]),
        (stream ?? this.#future!).subscribe(),
      ],
    };
  }

  /** Its time is over. */
  expire(): void {
    this.#end({ tag: "err", val: { tag: "timeout" } });
  }

  /** Gives it up. */
  close(): void {
    for (const resource of this.#open.splice(0).toReversed()) resource[Symbol.dispose]();
    this.#sending = undefined;
  }

  #end(result: HttpResult): void {
    this.result ??= result;
    this.close();
  }

  #begin({ method, secure, authority, pathWithQuery, headers, body }: OutboundRequest): void {
    let request: OutgoingRequest;
    try {
      request = new OutgoingRequest(Fields.fromList(headers));
      request.setMethod(
        METHODS.includes(method) ? { tag: method.toLowerCase() } : { tag: "other", val: method },
      );
      request.setScheme({ tag: secure ? "HTTPS" : "HTTP" });
      request.setAuthority(authority);
      request.setPathWithQuery(pathWithQuery);
    } catch {
      throw new ServiceError("invalid-request", "the host does not take its method, path or headers");
    }
    const outgoing = request.body();
    if (body === undefined) {
      OutgoingBody.finish(outgoing, undefined);
    } else {
      const stream = outgoing.write();
      this.#open.push(outgoing, stream);
      this.#sending = { body: outgoing, stream, rest: body };
    }
    try {
      this.#future = handle(request, undefined);
    } catch (error) {
      throw new ServiceError(...describeFailure(errorCode(error)));
    }
    this.#open.push(this.#future);
  }

  #send(sending: { body: OutgoingBody; stream: OutputStream; rest: Uint8Array }): void {
    const { body, stream } = sending;
    try {
      while (sending.rest.length > 0) {
        const room = Math.min(stream.checkWrite(), PIECE_BYTES);
        if (room === 0) return;
        stream.write(sending.rest.subarray(0, room));
        sending.rest = sending.rest.subarray(room);
      }
    } catch {
      // Who answers before the end may close the way there; the answer says what became of it.
      this.#sending = undefined;
      return;
    }
    this.#sending = undefined;
    this.#drop(stream);
    this.#open.splice(this.#open.indexOf(body), 1);
    OutgoingBody.finish(body, undefined);
  }

  #receiveHead(): void {
    const got = this.#future!.get();
    if (got === null) return;
    if (got.tag === "err" || got.val.tag === "err") {
      throw new ServiceError(...describeFailure(got.tag === "err" ? undefined : (got.val.val as ErrorCode)));
    }
    const response = got.val.val as IncomingResponse;
    this.#open.push(response);
    const status = response.status();
    const headers = readFields(response.headers());
    const body: IncomingBody = response.consume();
    this.#open.push(body);
    const stream = body.stream();
    this.#open.push(stream);
    if (status < 200 || status > 599) {
      throw new ServiceError("unreachable", `status ${status} is not HTTP`);
    }
    this.#response = { status, headers, stream };
  }

  #receiveContent({
    status,
    headers,
    stream,
  }: {
    status: number;
    headers: [string, string][];
    stream: InputStream;
  }): void {
    try {
      for (let piece = stream.read(PIECE_BYTES); piece.length > 0; piece = stream.read(PIECE_BYTES)) {
        if (this.#content.length + piece.length > MAX_BODY_BYTES) throw new ServiceError("too-large");
        this.#content += binaryString(piece);
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
      this.#end({ tag: "ok", val: { status, headers, body: bodyOf(this.#content) } });
    }
  }

  #drop(resource: Resource): void {
    this.#open.splice(this.#open.indexOf(resource), 1);
    resource[Symbol.dispose]();
  }
}

/** Text exactly when the bytes are UTF-8. */
function bodyOf(content: string): Body {
  const text = decodeUtf8(content);
  return text === undefined ? { tag: "bytes", val: bytesOf(content) } : { tag: "text", val: text };
}

function readFields(fields: Fields): [string, string][] {
  const entries = fields.entries();
  fields[Symbol.dispose]();
  let size = 0;
  return entries.flatMap(([name, value]): [string, string][] => {
    size += name.length + value.length;
    if (size > MAX_HEADER_CHARACTERS) throw new ServiceError("unreachable", "the answer is not HTTP");
    const lower = name.toLowerCase();
    // Length and connection are those of the way here.
    return HOST_FIELDS.includes(lower) ? [] : [[lower, binaryString(value)]];
  });
}

/** What a stream or a function of the host failed with. */
function failureOf(error: unknown): { tag: string; val?: string } {
  if (error instanceof ServiceError) return error.payload;
  return { tag: "unreachable", val: "the connection was closed" };
}

function errorCode(error: unknown): ErrorCode | undefined {
  return (error as { payload?: ErrorCode }).payload;
}
