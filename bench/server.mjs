// Starts the programs that a case puts under load.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_LIMIT_MS = 180_000;
const PAUSE_MS = 2;

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
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text) => {
      log = (log + text).slice(-4000);
    });
  }
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
        log: () => log,
        exitCode: () => child.exitCode,
        startMs: performance.now() - started,
        stop: async () => {
          // Not every runtime ends on SIGTERM, and nothing is lost.
          child.kill("SIGKILL");
          await ended;
        },
      };
    }
  }
  child.kill("SIGKILL");
  const state = child.exitCode === null ? "does not answer" : `ended with ${child.exitCode}`;
  throw new Error(`${command} ${state}: ${log}`);
}
