import { isUtf8 } from "node:buffer";
import type { Readable, Writable } from "node:stream";
import type { CoreManifest } from "../../src/manifest/index.ts";
import { createLineFramer, createStdioProtocol, type Call } from "../../src/protocol/index.ts";
import type { HostServices } from "./host-services.ts";
import { logToStderr } from "./host-log.ts";
import { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
import { createNotifier } from "./notifier.ts";
import { createPool, type PoolOptions } from "./pool.ts";
import { protocolOptions } from "./server-protocol.ts";

/** Options of {@link serveStdio}. */
export interface ServeStdioOptions
  extends LoadOptions, Omit<PoolOptions, "queueMs" | "queueLength" | "services"> {
  /** Gives what calls may reach. Default: nothing. */
  services?: (manifest: CoreManifest) => HostServices;
  /** JSON-RPC messages, one a line. */
  input: Readable;
  /** Takes answers, one a line, and nothing else. */
  output: Writable;
  /** Time a call may take, in milliseconds. Default 10,000. */
  deadlineMs?: number;
  /** Bytes a line may have. Default 1 MiB. */
  maxLineBytes?: number;
}

const DEFAULT_MAX_LINE_BYTES = 1024 * 1024;
const CALLS_PER_WORKER = 4;

/**
 * Serves a core over MCP's stdio transport until the input ends and everything taken from it is answered. Answers come
 * in the order calls end. While more calls are in flight than workers and queue can hold, no further input is read, a
 * cancellation neither.
 *
 * @param core A core that `loadCore` prepared, or its bytes.
 * @throws ToolkitError `ERR_HOST_CORE` when it is not a core this host can run.
 */
export async function serveStdio(core: LoadedCore | Uint8Array, options: ServeStdioOptions): Promise<void> {
  const { input, output } = options;
  let outputOpen = true;
  // A client that has gone away takes no more answers; its input ends as well.
  const onOutputError = (): void => {
    outputOpen = false;
    input.destroy();
  };
  output.once("error", onOutputError);
  const loaded = core instanceof Uint8Array ? await loadCore(core, options) : core;
  const protocol = createStdioProtocol(protocolOptions(loaded, options.deadlineMs));
  const framer = createLineFramer(options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES);
  const pool = await createPool(loaded, {
    ...options,
    services: options.services?.(loaded.manifest) ?? {},
    queueMs: Infinity,
    queueLength: Infinity,
  });
  const maxInFlight = pool.workers * CALLS_PER_WORKER;
  const inFlight = new Set<Promise<void>>();
  const clients = new Map<Call<string | undefined>, AbortController>();

  async function send(line: string | undefined): Promise<void> {
    if (line === undefined || !outputOpen || output.write(`${line}\n`)) return;
    await new Promise<void>((resolve) => {
      const proceed = (): void => {
        output.off("drain", proceed).off("close", proceed).off("error", proceed);
        resolve();
      };
      output.on("drain", proceed).on("close", proceed).on("error", proceed);
    });
  }

  async function callCore(call: Call<string | undefined>): Promise<void> {
    const client = new AbortController();
    clients.set(call, client);
    const notifier = createNotifier(call, options.log ?? logToStderr, {
      stalledBytes: () => output.writableLength,
      send: (line) => outputOpen && output.write(`${line}\n`),
    });
    const result = await pool.handle(call.context, call.request, {
      deadline: call.deadline,
      signal: client.signal,
      notify: notifier.notify,
    });
    clients.delete(call);
    notifier.end();
    await send("outcome" in result ? call.finish(result.outcome) : call.fail(result.failure));
  }

  async function onLine(line: Uint8Array | "too-large"): Promise<void> {
    if (line === "too-large") return send(protocol.refuseLine("too-large"));
    if (!isUtf8(line)) return send(protocol.refuseLine("encoding"));
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
    if (text.trim() === "") return;
    const step = protocol.handle(text);
    if (step.kind === "answer") return send(step.answer);
    if (step.kind === "cancel") return clients.get(step.call)?.abort();
    const answered = callCore(step.call).finally(() => inFlight.delete(answered));
    inFlight.add(answered);
    if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
  }

  try {
    for await (const chunk of input) {
      for (const line of framer.push(chunk as Buffer)) await onLine(line);
    }
    const last = framer.end();
    if (last !== undefined) await onLine(last);
  } catch (error) {
    if (outputOpen) throw error;
  } finally {
    await Promise.all(inFlight);
    await pool.close();
    output.off("error", onOutputError);
  }
}
