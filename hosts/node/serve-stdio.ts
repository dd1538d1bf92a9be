import { isUtf8 } from "node:buffer";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { CoreManifest } from "../../src/manifest/index.ts";
import {
  createLineFramer,
  createStdioProtocol,
  type Signal,
  type StdioStep,
  type Step,
} from "../../src/protocol/index.ts";
import { createAsking, type AskingOptions } from "./asking.ts";
import { Cancellation } from "./cancellation.ts";
import { createChangeHub, listsOf } from "./change-hub.ts";
import type { HostServices } from "./host-services.ts";
import { logToStderr } from "./host-log.ts";
import { loadCore, type LoadedCore, type LoadOptions } from "./load-core.ts";
import { resolveLimits } from "./limits/resolve-limits.ts";
import type { PoolOptions } from "./pool-options.ts";
import { createPool, type Pool } from "./pool.ts";
import { protocolOptions } from "./server-protocol.ts";
import { createTaskPool, startTasks, type TaskServerOptions } from "./serve-tasks.ts";
import { takeSteps } from "./take-steps.ts";

/** Options of {@link serveStdio}. */
export interface ServeStdioOptions
  extends LoadOptions, AskingOptions, Omit<PoolOptions, "patient" | "services" | "isolation"> {
  /** Gives what calls may reach. Default: nothing. */
  services?: (manifest: CoreManifest) => HostServices;
  /** JSON-RPC messages, one a line. */
  input: Readable;
  /** Takes answers, one a line, and nothing else. */
  output: Writable;
  /** The credential of every request, such as `Bearer …`, for cores that authenticate. Default: none. */
  authorization?: string;
  /** For tools whose calls become tasks. Work that has not ended when the input ends fails. */
  tasks?: TaskServerOptions;
}

const CALLS_PER_WORKER = 4;
/**
 * Milliseconds between the last notification of a request and its answer. Clients built on the official SDK forget a call as soon as they
 * have read its answer, and look at notifications a moment later: progress that comes with the same read is lost, or an error to them.
 */
const ANSWER_GAP_MS = 10;

/**
 * Serves a core over MCP's stdio transport until the input ends and everything taken from it is answered. Answers come
 * in the order calls end. While more calls are in flight than workers and queue can hold, no further input is read, a
 * cancellation neither.
 *
 * @param core A core that `loadCore` prepared, or its bytes.
 * @throws ToolkitError `ERR_HOST_CORE` when it is not a core this host can run.
 * @throws TypeError when a key has another length than 32 bytes, or a limit is not one.
 */
export async function serveStdio(core: LoadedCore | Uint8Array, options: ServeStdioOptions): Promise<void> {
  const { input, output } = options;
  const limits = resolveLimits(options.limits);
  const { bodyBytes, streamBytes } = limits.http;
  let outputOpen = true;
  // A client that has gone away takes no more answers; its input ends as well.
  const onOutputError = (): void => {
    outputOpen = false;
    input.destroy();
  };
  output.once("error", onOutputError);
  const loaded = core instanceof Uint8Array ? await loadCore(core, options) : core;
  const log = options.log ?? logToStderr;
  const lists = listsOf(loaded.manifest);
  const changes = createChangeHub({ lists: () => lists, streams: limits.streams });
  const services = options.services?.(loaded.manifest) ?? {};
  // There is one client: nobody to keep it apart from.
  const isolation = "shared";
  const taskPool = createTaskPool(loaded, { ...options, limits, services, isolation });
  const tasks = await startTasks(options.tasks ?? {}, { limits, pool: () => taskPool, changes, log });
  const protocol = createStdioProtocol({
    ...protocolOptions(loaded, limits, tasks),
    ...createAsking(options, log, limits.asking),
    changes,
    authorization: options.authorization,
    push(line) {
      // Whoever reads that late has lists to ask for anyway.
      if (outputOpen && output.writableLength <= streamBytes) output.write(`${line}\n`);
    },
  });
  const framer = createLineFramer(bodyBytes);
  const pool = await createPool(loaded, {
    ...options,
    limits,
    services,
    isolation,
    patient: true,
  });
  const maxCalls = pool.workers * CALLS_PER_WORKER;
  const calls = new Set<Promise<unknown>>();
  /** Requests in flight by the text of their id. */
  const requests = new Map<string, Cancellation>();
  /** Lines that are not answered yet. */
  const open = new Set<Promise<void>>();
  const closing = new AbortController();
  /** Counts calls alone: what waits for the client must not keep its answer from being read. */
  const counted: Pool = {
    ...pool,
    handle(...args) {
      const call = pool.handle(...args).finally(() => calls.delete(call));
      calls.add(call);
      return call;
    },
  };

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

  async function answerOf(step: Step<string | undefined>, signal: Signal): Promise<string | undefined> {
    let notifiedAt = -Infinity;
    const answer = await takeSteps(step, {
      pool: () => counted,
      signal,
      closing: closing.signal,
      log,
      isStalled: () => output.writableLength > streamBytes,
      send(part) {
        if (part === undefined || !outputOpen) return;
        output.write(`${part}\n`);
        notifiedAt = performance.now();
      },
    });
    const early = ANSWER_GAP_MS - (performance.now() - notifiedAt);
    if (early > 0) await pause(early);
    return answer;
  }

  /** Does what a line asks for, and gives what it is answered with. */
  async function take(taken: StdioStep): Promise<string | undefined> {
    if (taken.kind === "answer") return taken.answer;
    if (taken.kind === "batch") return taken.join(await Promise.all(taken.steps.map(take)));
    if (taken.kind === "cancel") {
      requests.get(taken.id)?.abort();
      return undefined;
    }
    const client = new Cancellation();
    requests.set(taken.id, client);
    return answerOf(taken.step, client).finally(() => requests.delete(taken.id));
  }

  async function onLine(line: Uint8Array | "too-large"): Promise<void> {
    if (line === "too-large") return send(protocol.refuseLine("too-large"));
    if (!isUtf8(line)) return send(protocol.refuseLine("encoding"));
    const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8");
    if (text.trim() === "") return;
    const taken = protocol.handle(text);
    const answered = take(taken).then(send);
    if (taken.kind === "answer" || taken.kind === "cancel") return answered;
    const kept = answered.finally(() => open.delete(kept));
    open.add(kept);
    if (calls.size >= maxCalls) await Promise.race(calls);
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
    closing.abort();
    await Promise.all(open);
    await tasks.close();
    await Promise.all([pool.close(), taskPool.close()]);
    output.off("error", onOutputError);
  }
}
