import type { HttpServer } from "../../hosts/node/index.ts";
import type { CoreManifest } from "../manifest/index.ts";
import { usageError, type Arguments } from "./arguments.ts";
import { exampleCall } from "./example-call.ts";

/** Where a server listens, from its options and the environment. */
export function readAddress(command: string, values: Arguments["values"]): { port: number; host: string } {
  const { TENON_PORT, TENON_HOST, PORT } = process.env;
  const port = (values.port as string | undefined) ?? TENON_PORT ?? PORT ?? "3000";
  return {
    port: readPort(command, port),
    host: (values.host as string | undefined) ?? TENON_HOST ?? "127.0.0.1",
  };
}

/** Reads a TCP port. @throws ToolkitError `ERR_USAGE` */
export function readPort(command: string, text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw usageError(command, `"${text}" is not a port`, "Ports are whole numbers from 0 to 65535");
}

/** Says that a server is ready, and how to try it. */
export function announce({ url, publicUrl, digest }: HttpServer, { tools }: CoreManifest): void {
  const count = tools.length === 1 ? "1 tool" : `${tools.length} tools`;
  process.stdout.write(
    `tenon: listening on ${url}${publicUrl === undefined ? "" : ` as ${publicUrl}`} (core ${digest}, ${count})\n`,
  );
  const [tool] = tools;
  if (tool) process.stderr.write(`try: npx tenon call ${url} ${exampleCall(tool)}\n`);
}

/** Settles at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      resolve();
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
  });
}
