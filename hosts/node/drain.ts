import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** The requests of a server that are not answered yet, and how it comes to an end without losing them. */
export interface Drain {
  /** Requests whose answer its client does not have yet. */
  readonly open: number;
  /**
   * Stops listening, and waits for the answers of what is in flight; each ends its connection. Connections that are still
   * busy after `limitMs` are cut.
   *
   * @returns how many requests were cut off
   */
  end(limitMs: number): Promise<number>;
}

/** Watches a server's requests; to be called before it listens, and before others hear of them. */
export function createDrain(server: Server): Drain {
  const open = new Set<ServerResponse>();
  let draining = false;
  let whenAnswered: (() => void) | undefined;

  server.prependListener("request", (_: IncomingMessage, response: ServerResponse) => {
    open.add(response);
    if (draining) closeAfter(response);
    response.once("close", () => {
      open.delete(response);
      if (open.size === 0) whenAnswered?.();
    });
  });

  return {
    get open() {
      return open.size;
    },
    async end(limitMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const response of open) closeAfter(response);
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
