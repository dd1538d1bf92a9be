// What the soak loads into `tenon serve`: SIGUSR2 ends one of its threads, as a fault of the runtime would.
const ready = new Set();
process.on("worker", (thread) => {
  thread.once("message", () => ready.add(thread));
  thread.once("exit", () => ready.delete(thread));
});
process.on("SIGUSR2", () => {
  const threads = [...ready];
  void threads[Math.floor(Math.random() * threads.length)]?.terminate();
});
