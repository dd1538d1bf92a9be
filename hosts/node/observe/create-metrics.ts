import type { CoreManifest } from "../../../src/manifest/index.ts";
import type { McpRequest } from "../../../src/protocol/index.ts";
import type { LogSink } from "../host-log.ts";
import { countDenials } from "./count-denials.ts";
import { createCounter, createGauge, createHistogram, OTHER, type Metric } from "./metric.ts";
import type { Observer, ServedCore } from "./observer.ts";
import { outcomeOf } from "./outcome-of.ts";

/** The metrics of one server. */
export interface Metrics {
  /** What the server tells them. */
  readonly observer: Observer;
  /** Log lines on their way to a sink, among which denials are counted. */
  log(sink: LogSink): LogSink;
  /** A reload has ended. */
  reloaded(result: "replaced" | "unchanged" | "failed"): void;
  /** In the text format of Prometheus, version 0.0.4. */
  text(): string;
}

/** Upper bounds in seconds: a call takes less than a millisecond or, at most, as long as its deadline. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Interfaces of the services, and whatever else a stub denies under one name. */
const INTERFACES = new Set(
  ["http", "kv", "config", "secrets", "credentials"].map((name) => `tenon:host/${name}`),
);
const MICROSECONDS = 1e6;

/** Creates metrics at 0. Of names that clients send, those the core has are labels, and all others are `other`. */
export function createMetrics(): Metrics {
  let core: ServedCore | undefined;
  let targets = new Set<string>();
  let parts = new Set<string>();
  let requestsInFlight = 0;
  let callsInFlight = 0;

  const requests = createCounter({
    name: "tenon_http_requests_total",
    help: "Requests over HTTP that ended, by status; aborted where the client went away before.",
    labels: ["status"],
  });
  const calls = createCounter({
    name: "tenon_calls_total",
    help: "Calls of the core, by what they address and how they ended.",
    labels: ["method", "name", "outcome"],
  });
  const durations = createHistogram({
    name: "tenon_call_duration_seconds",
    help: "Time of calls of the core, with their wait for a thread.",
    labels: ["method", "name"],
    bounds: DURATIONS,
  });
  const denials = createCounter({
    name: "tenon_denials_total",
    help: "Uses of an interface that were denied, by the part that tried; host where the host denied them.",
    labels: ["part", "interface"],
  });
  const replaced = createCounter({
    name: "tenon_worker_replacements_total",
    help: "Threads that were given up, and replaced: after a deadline, a trap or a stack overflow.",
  });
  const reloads = createCounter({
    name: "tenon_reloads_total",
    help: "Reloads of the core, by how they ended.",
    labels: ["result"],
  });
  for (const result of ["replaced", "unchanged", "failed"]) reloads.add([result], 0);
  const stats = (): ReturnType<ServedCore["stats"]> =>
    core?.stats() ?? { workers: 0, busy: 0, idle: 0, queued: 0, resting: [] };
  const all = [
    requests,
    gauge(
      "tenon_http_requests_in_flight",
      "Requests over HTTP without a whole answer.",
      () => requestsInFlight,
    ),
    calls,
    durations,
    gauge("tenon_calls_in_flight", "Calls of the core that run or wait for a thread.", () => callsInFlight),
    gauge("tenon_queue_length", "Calls that wait for a thread.", () => stats().queued),
    gauge("tenon_worker_limit", "Calls that may run at once.", () => stats().workers),
    createGauge(
      { name: "tenon_workers", help: "Threads that are ready, by what they do.", labels: ["state"] },
      () => [
        [["busy"], stats().busy],
        [["idle"], stats().idle],
      ],
    ),
    replaced,
    createGauge(
      {
        name: "tenon_circuits_open",
        help: "1 for each part that gets no calls, or only a probe, because it failed several times in a row.",
        labels: ["part", "state"],
      },
      () => stats().resting.map(({ part, state }) => [[part, state], 1] as const),
    ),
    denials,
    reloads,
    createGauge(
      {
        name: "tenon_core_info",
        help: "The core that takes new requests; its value is 1.",
        labels: ["name", "version", "digest"],
      },
      () => (core ? [[[core.manifest.name, core.manifest.version, core.digest], 1]] : []),
    ),
    createGauge(
      { name: "process_cpu_seconds_total", help: "Processor time of the process.", type: "counter" },
      () => {
        const { user, system } = process.cpuUsage();
        return [[[], (user + system) / MICROSECONDS]];
      },
    ),
    gauge("process_resident_memory_bytes", "Memory that the process holds.", () => process.memoryUsage.rss()),
    gauge(
      "process_start_time_seconds",
      "When the process started, since 1970-01-01T00:00:00Z.",
      () => performance.timeOrigin / 1000,
    ),
  ];

  function nameOf({ method, target }: McpRequest): string {
    // What a list is given is a cursor, and no name.
    if (target === undefined || method.endsWith("/list")) return "";
    return targets.has(target) ? target : OTHER;
  }

  return {
    observer: {
      serving(served) {
        core = served;
        targets = targetsOf(served.manifest);
        parts = partsOf(served.manifest);
      },
      workerReplaced: () => replaced.add([]),
      request() {
        requestsInFlight++;
        return {
          call({ request }) {
            const labels = [request.method, nameOf(request)];
            const start = performance.now();
            callsInFlight++;
            return {
              end(result) {
                callsInFlight--;
                durations.observe(labels, (performance.now() - start) / 1000);
                calls.add([...labels, outcomeOf(result)]);
              },
            };
          },
          end(status) {
            requestsInFlight--;
            requests.add([status === undefined ? "aborted" : String(status)]);
          },
        };
      },
    },
    log: (sink) =>
      countDenials(sink, (part, interfaceName) =>
        denials.add([parts.has(part) ? part : OTHER, INTERFACES.has(interfaceName) ? interfaceName : OTHER]),
      ),
    reloaded: (result) => reloads.add([result]),
    text: () => all.map((metric) => metric.text()).join(""),
  };
}

function gauge(name: string, help: string, read: () => number): Metric {
  return createGauge({ name, help }, () => [[[], read()]]);
}

function targetsOf({ tools, prompts = [], resources = [] }: CoreManifest): Set<string> {
  return new Set([...tools, ...prompts].map(({ name }) => name).concat(resources.map(({ uri }) => uri)));
}

function partsOf({ middleware, providers }: CoreManifest): Set<string> {
  return new Set([...middleware, ...providers].map(({ as }) => as).concat("host"));
}
