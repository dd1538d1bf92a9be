// Load on one server, and the processor time it took.
import { readFileSync } from "node:fs";
import autocannon from "autocannon";

/** The request every case sends: `tools/call add` in MCP 2025-06-18, which needs no headers of its own. */
export const CALL = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "add", arguments: { a: 2, b: 3 } },
});

/** A request for a list likewise. */
export function listRequest(method) {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: {} });
}

/** `tools/list` likewise. */
export const LIST = listRequest("tools/list");

/** Header fields of these requests. */
export const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2025-06-18",
};

/**
 * Sends one request over and over.
 *
 * @param options `token` gives each request a credential of its own
 * @returns answers per second with status 200, milliseconds in which 99 of 100 came, and of the process its milliseconds of processor time
 * per answer and its memory in MiB afterwards (null where the system does not tell)
 */
export async function load(
  url,
  { body, pid, seconds, headers = {}, token, connections = 8, warmUpSeconds = 1, method = "POST" },
) {
  const options = {
    url,
    method,
    connections,
    ...(body && {
      body,
      headers: { ...HEADERS, ...headers },
    }),
    ...(token && {
      requests: [
        {
          setupRequest: (request) => ({
            ...request,
            headers: { ...request.headers, authorization: `Bearer ${token()}` },
          }),
        },
      ],
    }),
  };
  await autocannon({ ...options, duration: warmUpSeconds });
  const before = cpuMs(pid);
  // autocannon's own times are whole milliseconds.
  const times = [];
  const run = autocannon({ ...options, duration: seconds });
  run.on("response", (_client, _status, _bytes, ms) => times.push(ms));
  const result = await run;
  const after = cpuMs(pid);
  const answers = result["2xx"];
  if (answers === 0 || result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${answers} answers, ${result.non2xx} refusals, ${result.errors} errors`);
  }
  const sorted = Float64Array.from(times).sort();
  return {
    perSecond: answers / result.duration,
    cpuMsPerAnswer: after === null ? null : (after - before) / answers,
    p99Ms: sorted[Math.ceil(sorted.length * 0.99) - 1],
    rssMiB: rssMiB(pid),
  };
}

/** Resident memory of a process in MiB; Linux only. */
export function rssMiB(pid) {
  if (process.platform !== "linux" || !pid) return null;
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Processor time of a process so far, in milliseconds; Linux only. Its ticks are 10 ms. */
export function cpuMs(pid) {
  if (process.platform !== "linux" || !pid) return null;
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The median of some numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
