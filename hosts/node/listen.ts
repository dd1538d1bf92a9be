import type { Server } from "node:http";
import { ToolkitError } from "../../src/errors/index.ts";

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: "the port is in use",
  EACCES: "this user may not use the port",
  EADDRNOTAVAIL: "this machine does not have the address",
  ENOTFOUND: "the address does not resolve",
};

/**
 * Listens, and says in words of people why it cannot.
 *
 * @throws ToolkitError `ERR_HOST_LISTEN`
 */
export async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, host, () => resolve());
    });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ToolkitError(`Cannot listen on "${host}:${port}": ${LISTEN_ERRORS[code ?? ""] ?? message}`, {
      code: "ERR_HOST_LISTEN",
      ...(code === "EADDRINUSE" && { hint: "Pass another port, or 0 for any free one" }),
      cause,
    });
  }
}
