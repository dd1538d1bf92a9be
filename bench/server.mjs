// Starts the programs that a case puts under load.
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const START_LIMIT_MS = 60_000;

/** A free TCP port on loopback. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts a command and waits until `url` answers anything at all. */
export async function start(command, args, { url, env = {}, cwd }) {
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
  const ended = new Promise((resolve) => child.once("exit", resolve));
  while (child.exitCode === null && performance.now() - started < START_LIMIT_MS) {
    const answered = await fetch(url, { method: "POST", body: "{}" }).then(
      (response) => response.text().then(() => true),
      () => false,
    );
    if (answered) {
      return {
        pid: child.pid,
        log: () => log,
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
