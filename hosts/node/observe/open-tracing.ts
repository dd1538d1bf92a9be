import type { Context, Tracer } from "@opentelemetry/api";
import { ToolkitError } from "../../../src/errors/index.ts";
import { report, type LogSink } from "../host-log.ts";
import type { Observer } from "./observer.ts";
import { createTraceObserver, type StartSpan } from "./trace-observer.ts";

/** Spans of one server, on their way to a collector. */
export interface Tracing {
  /** What the server tells them. */
  readonly observer: Observer;
  /** Sends what is left, at most 5 seconds long. */
  close(): Promise<void>;
}

const CLOSE_MS = 5000;
/** Between two lines of the log that say that spans cannot be sent. */
const COMPLAINT_MS = 60_000;
const DEFAULT_SERVICE = "tenon";
const PACKAGES =
  "@opentelemetry/api@1 @opentelemetry/sdk-trace-base@2 @opentelemetry/resources@2 @opentelemetry/exporter-trace-otlp-proto@0.223";

/**
 * Sends spans to the collector that the standard variables of OpenTelemetry name, over OTLP/HTTP in protobuf. Nothing where
 * they name none, or switch it off.
 *
 * Read are `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, which switch it on; `OTEL_SDK_DISABLED`,
 * `OTEL_TRACES_EXPORTER` (`otlp` or `none`) and `OTEL_EXPORTER_OTLP_PROTOCOL` (`http/protobuf`); and by the library headers,
 * timeout, compression, certificates, sampler, batches, limits, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 *
 * @param log Hears, once a minute at most, that spans cannot be sent.
 * @throws ToolkitError `ERR_TOOL_MISSING` without the packages of OpenTelemetry, `ERR_CONFIG` for an exporter or a protocol
 * that is not there.
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function openTracing(log: LogSink): Promise<Tracing | undefined> {
  if (!isWanted(process.env)) return undefined;
  const { api, sdk, exporter, resources } = await loadPackages();
  let complainedAt = -COMPLAINT_MS;
  const complain = (message: string): void => {
    if (performance.now() - complainedAt < COMPLAINT_MS) return;
    complainedAt = performance.now();
    report(log, "warning", `Spans cannot be sent: ${firstLine(message)}`);
  };
  api.diag.setLogger(
    { error: complain, warn: silent, info: silent, debug: silent, verbose: silent },
    { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .resourceFromAttributes({ "service.name": DEFAULT_SERVICE })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  const tracer: Tracer = provider.getTracer("tenon");

  function contextOf(parent: Parameters<StartSpan>[2]): Context {
    if (parent === undefined) return api.ROOT_CONTEXT;
    if ("spanContext" in parent) return api.trace.setSpan(api.ROOT_CONTEXT, parent);
    const { place, tracestate } = parent;
    return api.trace.setSpanContext(api.ROOT_CONTEXT, {
      ...place,
      isRemote: true,
      ...(tracestate !== undefined && { traceState: api.createTraceState(tracestate) }),
    });
  }

  return {
    observer: createTraceObserver((name, options, parent) =>
      tracer.startSpan(name, options, contextOf(parent)),
    ),
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_MS);
      });
      const sent = provider.shutdown().catch((error: unknown) => complain(String(error)));
      await Promise.race([sent, late]);
      clearTimeout(timer);
      api.diag.disable();
    },
  };
}

function silent(): void {}

function isWanted(environment: NodeJS.ProcessEnv): boolean {
  const read = (name: string): string => environment[name]?.trim() ?? "";
  const endpoint = read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") || read("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint === "" || read("OTEL_SDK_DISABLED").toLowerCase() === "true") return false;
  const exporter = read("OTEL_TRACES_EXPORTER");
  if (exporter === "none") return false;
  if (exporter !== "" && exporter !== "otlp") {
    throw unsupported(`OTEL_TRACES_EXPORTER is "${exporter}"`, 'It is "otlp" or "none"');
  }
  const protocol = read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") || read("OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol !== "" && protocol !== "http/protobuf") {
    throw unsupported(`the protocol of OTLP is "${protocol}"`, 'It is "http/protobuf"');
  }
  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
    throw unsupported(
      "the endpoint of OTLP is not an http or https URL",
      "It is written like http://127.0.0.1:4318",
    );
  }
  return true;
}

function unsupported(state: string, hint: string): ToolkitError {
  return new ToolkitError(`Cannot send spans: ${state}`, { code: "ERR_CONFIG", hint });
}

/** None of it is a dependency: most servers send no spans. */
async function loadPackages(): Promise<{
  api: typeof import("@opentelemetry/api");
  sdk: typeof import("@opentelemetry/sdk-trace-base");
  exporter: typeof import("@opentelemetry/exporter-trace-otlp-proto");
  resources: typeof import("@opentelemetry/resources");
}> {
  try {
    const [api, sdk, exporter, resources] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace-base"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
      import("@opentelemetry/resources"),
    ]);
    return { api, sdk, exporter, resources };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ToolkitError("Cannot send spans: the packages of OpenTelemetry are not installed", {
      code: "ERR_TOOL_MISSING",
      hint: `Run "npm install ${PACKAGES}" beside tenon, or unset OTEL_EXPORTER_OTLP_ENDPOINT`,
      cause,
    });
  }
}

/** The library gives errors as JSON with a stack. */
function firstLine(text: string): string {
  let message = text;
  try {
    const parsed = JSON.parse(text) as { message?: unknown };
    if (typeof parsed.message === "string") message = parsed.message;
  } catch {
    // It is the message itself.
  }
  return message.split("\n", 1)[0]!.slice(0, 300);
}
