// A thread of bench/overload.mjs: asks at a rate, whether or not it is answered, over a connection of its own each time.
import { request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const { url, body, headers, perSecond, seconds } = workerData;
const TICK_MS = 10;
/** Connections at once; who would be one more is not sent, and not counted. */
const MAX_OPEN = 1500;
const counts = { offered: 0, answered: 0, refused: 0, failed: 0 };
let open = 0;

function send() {
  counts.offered++;
  open++;
  const sent = request(url, { method: "POST", headers, agent: false }, (response) => {
    const kind = { 200: "answered", 503: "refused" }[response.statusCode] ?? "failed";
    response.resume().once("end", () => counts[kind]++);
  });
  sent.once("error", () => counts.failed++).once("close", () => open--);
  sent.end(body);
}

const started = performance.now();
let due = 0;
let last = started;
const timer = setInterval(() => {
  const now = performance.now();
  due += ((now - last) / 1000) * perSecond;
  last = now;
  for (; due >= 1; due--) if (open < MAX_OPEN) send();
  if (now - started < seconds * 1000) return;
  clearInterval(timer);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort.postMessage({ ...counts, seconds: (now - started) / 1000 });
  process.exit();
}, TICK_MS);
