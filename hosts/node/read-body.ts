import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Limits } from "./limits/resolve-limits.ts";

/** Why content is not taken. */
export type BodyRefusal = "too-large" | "encoding" | "overload";

/** Reads the content of requests. */
export interface BodyReader {
  /** Whether a request says itself that it has more content than it may. */
  isTooLarge(request: IncomingMessage): boolean;
  /** Reads content as text; `done` is not called when the client goes away. */
  read(request: IncomingMessage, done: (body: string | { refused: BodyRefusal }) => void): void;
  /** Reads on without keeping anything, so that the answer reaches a client that is still sending. */
  discard(request: IncomingMessage, alreadyRead?: number): void;
}

// A client that is still sending sees the refusal only if what it sends is read; beyond this it is cut off.
const REFUSED_BODY_FACTOR = 8;

/** Reads content of `bodyBytes` at most, and of all requests together keeps `arrivingBytes` until it is complete. */
export function createBodyReader({
  bodyBytes,
  arrivingBytes,
}: Pick<Limits["http"], "bodyBytes" | "arrivingBytes">): BodyReader {
  let arriving = 0;

  function discard(request: IncomingMessage, alreadyRead = 0): void {
    let size = alreadyRead;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyBytes * REFUSED_BODY_FACTOR) request.destroy();
    });
  }

  return {
    isTooLarge: ({ headers }) => Number(headers["content-length"] ?? 0) > bodyBytes,
    discard,
    read(request, done) {
      const declared = Number(request.headers["content-length"]);
      let chunks: Buffer[] = [];
      let size = 0;
      let isOver = false;
      /** Keeps nothing any more. */
      const release = (): void => {
        if (!isOver) arriving -= size;
        isOver = true;
        chunks = [];
      };
      const refuse = (refused: BodyRefusal): void => {
        release();
        done({ refused });
        discard(request, size);
      };
      const finish = (): void => {
        if (isOver) return;
        const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
        release();
        done(isUtf8(bytes) ? bytes.toString("utf8") : { refused: "encoding" });
      };
      request.on("data", (chunk: Buffer) => {
        if (isOver) return;
        size += chunk.length;
        arriving += chunk.length;
        if (size > bodyBytes) refuse("too-large");
        else if (arriving > arrivingBytes) refuse("overload");
        else chunks.push(chunk);
        // Nearly all content arrives at once. It is complete when it has the length it says, and then nothing else is to be heard of.
        if (size === declared) finish();
        else if (chunks.length === 1) request.on("close", release);
      });
      if (!(declared > 0)) request.on("end", finish);
    },
  };
}
