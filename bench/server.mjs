// Starts the programs that a case puts under load.
import { spawn } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_LIMIT_MS = 180_000;
const PAUSE_MS = 2;
/** Of the end of what a server wrote. */
const LOG_BYTES = 4000;

/** A free TCP port on loopback. */
export function freePort() {
  return new Promise((done, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** What starts a script on a port of its own; a path that is not absolute is of this folder. */
export function script(path, env) {
  return async () => {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}/mcp`;
    const file = resolve(import.meta.dirname, path);
    return { ...(await start(process.execPath, [file], { url, env: { ...env, PORT: port } })), url };
  };
}

/**
 * Starts a command and waits until `url` answers anything at all, or until it answers `request`, which are the options of a fetch, with
 * status 200.
 *
 * @returns the running process: `startMs` says how long that took, `exitCode()` is null while it runs, `log()` ends with what it wrote last
 */
export async function start(command, args, { url, env = {}, cwd, request }) {
  const started = performance.now();
  // To a file, as services log: reading megabytes of it a second would slow down the load that this process makes.
  const folder = mkdtempSync(join(tmpdir(), "tenon-bench-"));
  const file = join(folder, "log");
  const output = openSync(file, "a");
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  let said;
  const log = () => said ?? endOf(file);
  /** What it wrote can still be asked for. */
  const forget = () => {
    said = log();
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = new Promise((done) => child.once("exit", done));
  while (child.exitCode === null && performance.now() - started < START_LIMIT_MS) {
    const answered = await fetch(url, { method: "POST", ...(request ?? { body: "{}" }) }).then(
      (response) => response.text().then(() => request === undefined || response.status === 200),
      () => false,
    );
    if (!answered) {
      // Asking all the time would take what the command needs to start.
      await pause(PAUSE_MS);
    } else {
      return {
        pid: child.pid,
        log,
        exitCode: () => child.exitCode,
        startMs: performance.now() - started,
        stop: async () => {
          // Not every runtime ends on SIGTERM, and nothing is lost.
          child.kill("SIGKILL");
          await ended;
          forget();
        },
      };
    }
  }
  child.kill("SIGKILL");
  const state = child.exitCode === null ? "does not answer" : `ended with ${child.exitCode}`;
  forget();
  throw new Error(`${command} ${state}: ${log()}`);
}

function endOf(file) {
  const bytes = Buffer.alloc(LOG_BYTES);
  const from = openSync(file, "r");
  try {
    const length = readSync(from, bytes, 0, LOG_BYTES, Math.max(0, fstatSync(from).size - LOG_BYTES));
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(from);
  }
}
