import type { Server, ServerResponse } from "node:http";
import { Crowd } from "./crowd.ts";

/** The requests of a server that are not answered yet, and how it comes to an end without losing them. */
export interface Drain {
  /** The answers that clients do not have yet. */
  responses: () => ServerResponse[];
  /**
   * Counts a request as open until its client has the answer, or is gone.
   *
   * @param onGone Called then.
   */
  enter(response: ServerResponse, onGone: () => void): void;
  /**
   * Stops listening, and waits for the answers of what is in flight; each ends its connection. Connections that are still
   * busy after `limitMs` are cut.
   *
   * @returns how many requests were cut off
   */
  end(limitMs: number): Promise<number>;
}

/** Counts the requests of a server, each of which must be entered. */
export function createDrain(server: Server): Drain {
  const open = new Crowd<ServerResponse>();
  let draining = false;
  let whenAnswered: (() => void) | undefined;

  return {
    responses: () => open.list(),
    enter(response, onGone) {
      open.add(response);
      if (draining) closeAfter(response);
      // The one listener for all that ends with a request: adding one takes a good part of what an answer does.
      response.on("close", () => {
        open.delete(response);
        onGone();
        if (open.size === 0) whenAnswered?.();
      });
    },
    async end(limitMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const response of open.list()) closeAfter(response);
      if (open.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, limitMs);
          whenAnswered = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const cut = open.size;
      server.closeAllConnections();
      await closed;
      return cut;
    },
  };
}

/** Nobody may begin another request on a connection that is about to close. */
function closeAfter(response: ServerResponse): void {
  const { req, headersSent } = response;
  if (!headersSent) response.setHeader("connection", "close");
  else response.once("finish", () => req.socket.end());
}
