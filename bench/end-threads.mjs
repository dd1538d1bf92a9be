// What the soak loads into `tenon serve`. SIGUSR2 ends one of its threads, as a fault of the runtime would, and SIGPWR all of them, as
// each holds as much garbage as its last calls left. SIGURG collects that of the main thread, where all that outlives a thread or a core is kept.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
process.on("SIGURG", () => collect());
process.on("SIGPWR", () => {
  for (const thread of ready) void thread.terminate();
});

const ready = new Set();
process.on("worker", (thread) => {
  thread.once("message", () => ready.add(thread));
  thread.once("exit", () => ready.delete(thread));
});
process.on("SIGUSR2", () => {
  const threads = [...ready];
  void threads[Math.floor(Math.random() * threads.length)]?.terminate();
});
