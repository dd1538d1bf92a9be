import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A program that speaks JSON-RPC over standard streams, one message a line. */
export interface LineSession {
  /** Sends a message, without its `jsonrpc`. */
  send(message: object): void;
  /** Writes as it is. */
  write(content: string | Uint8Array): void;
  /** The next message it sends. Fails when it ends before. */
  next(): Promise<unknown>;
  /** Reads no more of what it sends. */
  stopReading(): void;
  /** Ends its input and waits until it ends: its exit code, and what it sent meanwhile. */
  end(): Promise<{ code: number | null; lines: unknown[] }>;
  kill(): Promise<void>;
}

/** Starts a program. */
export function startSession(path: string, args: readonly string[]): LineSession {
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    send(message) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    },
    write: (content) => void child.stdin.write(content),
    async next() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${path} sends nothing more:\n${errors}`);
      return JSON.parse(value) as unknown;
    },
    stopReading: () => void child.stdout.destroy(),
    async end() {
      child.stdin.end();
      const rest: unknown[] = [];
      if (!child.stdout.destroyed) {
        for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
          rest.push(JSON.parse(line.value) as unknown);
        }
      }
      return { code: (await exited)[0], lines: rest };
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
