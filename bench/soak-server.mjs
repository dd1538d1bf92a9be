// The server of `npm run soak`: the full chain with a saboteur behind it. SIGUSR2 ends one of its threads, SIGHUP puts another core in place.
import { createHostServices, loadCore, openKvStore, serveHttp } from "tenon/hosts/node";
import { keptIssuer } from "./issuer.mjs";
import { keptCore } from "./kept-core.mjs";

/** Short, so that a thread in an endless loop is soon replaced. */
const DEADLINE_MS = 5000;
const QUEUE_MS = 30_000;
const WORKERS = 3;

const { settings } = keptIssuer();
const cores = await Promise.all(
  ["1.0.0", "1.0.1"].map(async (version) =>
    loadCore(
      await keptCore(`soak-${version}`, async () =>
        (await import("./parts.mjs")).sabotagedCore({ jwt: settings, version }),
      ),
    ),
  ),
);
const threads = new Set();
process.on("worker", (thread) => {
  threads.add(thread);
  thread.once("exit", () => threads.delete(thread));
});
const kv = await openKvStore("memory");
const server = await serveHttp(cores[0], {
  port: Number(process.env.PORT),
  services: (manifest) => createHostServices(manifest, { kv }),
  limits: { calls: { deadlineMs: DEADLINE_MS, queueMs: QUEUE_MS }, guests: { workers: WORKERS } },
});
process.on("SIGUSR2", () => {
  const all = [...threads];
  void all[Math.floor(Math.random() * all.length)]?.terminate();
});
let inPlace = 0;
process.on("SIGHUP", () => {
  inPlace = 1 - inPlace;
  server.replace(cores[inPlace]).catch((error) => process.stderr.write(`not replaced: ${error.message}\n`));
});
