import { connect, type Socket } from "node:net";

/** A connection that sends what no HTTP client would. */
export interface RawClient {
  readonly socket: Socket;
  /** What was received so far. */
  readonly received: () => string;
  /** Settles once what was received matches; rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>;
  /** Settles once the other end has closed the connection, or broken it off. */
  readonly closed: Promise<string>;
}

/** Opens a connection to a server, and sends bytes. */
export function rawClient(url: string, bytes: string | Uint8Array = ""): RawClient {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  const watchers = new Set<() => void>();
  const tell = (): void => watchers.forEach((each) => each());
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    tell();
  });
  // The close that follows is what is waited for.
  socket.on("error", () => {});
  const closed = new Promise<string>((resolve) =>
    socket.once("close", () => {
      tell();
      resolve(text);
    }),
  );
  if (bytes.length > 0) socket.write(bytes);
  return {
    socket,
    closed,
    received: () => text,
    until(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(text)) resolve(text);
          else if (socket.destroyed) reject(new Error(`the connection ended after ${JSON.stringify(text)}`));
          else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      });
    },
  };
}

/** A POST of JSON as bytes of HTTP/1.1. */
export function postBytes(body: string, fields: readonly string[] = []): string {
  const head = [
    "POST /mcp HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...fields,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

/** A call of a tool as JSON. */
export function callBody(name: string, id = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: {} } });
}
