import type { Attributes, Span, SpanKind, SpanOptions, SpanStatusCode } from "@opentelemetry/api";
import type { CoreManifest } from "../../../src/manifest/index.ts";
import type { McpRequest } from "../../../src/protocol/index.ts";
import type { CallResult } from "../worker-call.ts";
import type { HttpServiceRequest } from "../host-services.ts";
import type { LinkTime } from "../link-trace.ts";
import type {
  CallObserver,
  ObservedCall,
  ObservedRequest,
  Observer,
  RequestObserver,
  ServedCore,
  ServiceObserver,
} from "./observer.ts";
import { outcomeOf } from "./outcome-of.ts";
import { partOfService } from "./part-of-service.ts";
import { formatTraceparent, parseTraceparent, type TracePlace } from "./trace-context.ts";

/** Begins a span: within another one, at a place where somebody else's is, or as the first one of a trace. */
export type StartSpan = (
  name: string,
  options: SpanOptions,
  parent: Span | { place: TracePlace; tracestate: string | undefined } | undefined,
) => Span;

/* oxlint-disable typescript/no-unsafe-enum-assignment -- the library, whose numbers these are, is loaded only where spans are wanted */
const INTERNAL = 0 as SpanKind;
const SERVER = 1 as SpanKind;
const CLIENT = 2 as SpanKind;
const ERROR = 2 as SpanStatusCode;
/* oxlint-enable typescript/no-unsafe-enum-assignment */
const MAX_TEXT = 256;
const INTERFACES: ReadonlySet<string> = new Set(["kv", "config", "secrets"]);

/** The members of a context that are looked at. */
interface TracedContext {
  protocolVersion?: string;
  traceparent?: string;
  tracestate?: string;
}

/**
 * Makes a span of each request, in it one of each call of the core, and in that one of each link of the chain and of each use of a service. Names of attributes
 * are those of the semantic conventions for MCP, generative AI and HTTP.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
 */
export function createTraceObserver(startSpan: StartSpan): Observer {
  let core: ServedCore | undefined;
  return {
    links: true,
    serving(served) {
      core = served;
    },
    request: (request) => observeRequest(request, startSpan, () => core),
  };
}

function observeRequest(
  request: ObservedRequest,
  startSpan: StartSpan,
  core: () => ServedCore | undefined,
): RequestObserver {
  const startTime = Date.now();
  let span: Span | undefined;
  let calls = 0;

  /** The trace stands in the content, before that in the header fields, so the span is made once the content is read. */
  function begin({ traceparent, tracestate }: TracedContext): Span {
    const place = parseTraceparent(traceparent);
    return startSpan(
      request.method,
      {
        kind: SERVER,
        startTime,
        attributes: {
          "http.request.method": request.method,
          "url.path": shortened(request.path.split("?", 1)[0]!),
          "network.protocol.name": "http",
          "network.transport": "tcp",
          ...(request.peer !== undefined && { "client.address": request.peer }),
        },
      },
      place && { place, tracestate },
    );
  }

  return {
    call(call) {
      const context = JSON.parse(call.context) as TracedContext;
      span ??= begin(context);
      const attributes = describeRequest(call, context);
      // Of a batch no single message names the whole.
      if (calls++ === 0) span.setAttributes(attributes).updateName(nameOf(call.request));
      const child = startSpan(`core ${nameOf(call.request)}`, { kind: INTERNAL, attributes }, span);
      return observeCall(child, context, span, { startSpan, core: core() });
    },
    end(status) {
      const headers = {
        traceparent: request.headers("traceparent"),
        tracestate: request.headers("tracestate"),
      };
      span ??= begin(headers as TracedContext);
      if (status === undefined) span.setAttribute("error.type", "aborted");
      else span.setAttribute("http.response.status_code", status);
      if (status !== undefined && status >= 500) span.setStatus({ code: ERROR });
      span.end();
    },
  };
}

function observeCall(
  span: Span,
  context: TracedContext,
  server: Span,
  { startSpan, core }: { startSpan: StartSpan; core: ServedCore | undefined },
): CallObserver {
  if (core) span.setAttributes({ "tenon.core.name": core.manifest.name, "tenon.core.digest": core.digest });
  return {
    // The first member stays the first: it is found by its place.
    context: JSON.stringify({ ...context, traceparent: formatTraceparent(span.spanContext()) }),
    links: (times) => traceLinks(span, startSpan, times),
    service: (name, args) => (core ? observeService(span, core.manifest, startSpan, name, args) : undefined),
    end(result) {
      const error = errorOf(result);
      if (error !== undefined) {
        for (const each of [span, server]) each.setAttributes(error).setStatus({ code: ERROR });
      }
      span.end();
    },
  };
}

/** Links call each other: each is within the one that called it. */
function traceLinks(call: Span, startSpan: StartSpan, times: readonly LinkTime[]): void {
  const spans: Span[] = [];
  for (const { name, startTime, endTime, caller, failed } of times) {
    const span = startSpan(
      `link ${name}`,
      { kind: INTERNAL, startTime, attributes: { "tenon.part": name } },
      caller === undefined ? call : spans[caller],
    );
    if (failed) span.setAttribute("error.type", "trap").setStatus({ code: ERROR });
    span.end(endTime);
    spans.push(span);
  }
}

function observeService(
  parent: Span,
  manifest: CoreManifest,
  startSpan: StartSpan,
  name: string,
  args: readonly unknown[],
): ServiceObserver | undefined {
  const isHttp = name === "http.send";
  if (!isHttp && !INTERFACES.has(name.split(".", 1)[0]!)) return undefined;
  const part = partOfService(manifest, name, args);
  const request = isHttp ? (args[0] as HttpServiceRequest) : undefined;
  const span = startSpan(
    request?.method ?? name,
    {
      kind: request ? CLIENT : INTERNAL,
      attributes: {
        "tenon.service": name,
        ...(part !== undefined && { "tenon.part": part }),
        ...(request && describeOutbound(request)),
      },
    },
    parent,
  );
  return {
    ...(request && { request: withTrace(request, span) }),
    end({ status, error }) {
      if (status !== undefined) span.setAttribute("http.response.status_code", status);
      const failed = error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
      if (failed !== undefined) span.setAttribute("error.type", failed).setStatus({ code: ERROR });
      span.end();
    },
  };
}

/** What a request of the part's own trace carries stays as it is: only in the trace of the call it gets another parent. */
function withTrace(request: HttpServiceRequest, span: Span): HttpServiceRequest {
  const own = span.spanContext();
  const headers = request.headers.map(([name, value]): readonly [string, string] => {
    if (name.toLowerCase() !== "traceparent") return [name, value];
    const place = parseTraceparent(value);
    return [name, place?.traceId === own.traceId ? formatTraceparent(own) : value];
  });
  return { ...request, headers };
}

/** Query and fields may hold secrets, and keys of stores what nobody else is to know: none of them is an attribute. */
function describeOutbound({ method, origin, pathWithQuery }: HttpServiceRequest): Attributes {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  return {
    "http.request.method": shortened(method),
    ...(url && { "server.address": url.hostname, "server.port": portOf(url) }),
    "url.path": shortened(pathWithQuery.split("?", 1)[0]!),
  };
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function describeRequest({ request }: ObservedCall, { protocolVersion }: TracedContext): Attributes {
  const { method, target, id } = request;
  return {
    "mcp.method.name": method,
    ...(protocolVersion !== undefined && { "mcp.protocol.version": protocolVersion }),
    ...(id !== undefined && { "jsonrpc.request.id": shortened(id.replace(/^"(.*)"$/s, "$1")) }),
    ...(target !== undefined && describeTarget(method, shortened(target))),
  };
}

function describeTarget(method: string, target: string): Attributes {
  switch (method) {
    case "tools/call":
      return { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": target };
    case "prompts/get":
      return { "gen_ai.prompt.name": target };
    case "resources/read":
      return { "mcp.resource.uri": target };
    default:
      return {};
  }
}

/** Of a resource the name would have too many values. */
function nameOf({ method, target }: McpRequest): string {
  const isNamed = target !== undefined && (method === "tools/call" || method === "prompts/get");
  return isNamed ? `${method} ${shortened(target)}` : method;
}

function errorOf(result: CallResult): Attributes | undefined {
  const ended = outcomeOf(result);
  switch (ended) {
    case "success":
    case "input-required":
    case "accepted":
      return undefined;
    case "tool-error":
      return { "error.type": "tool_error" };
    case "rpc-error": {
      const { outcome } = result as { outcome: { val: { code: number } } };
      return { "error.type": String(outcome.val.code), "rpc.response.status_code": String(outcome.val.code) };
    }
    default:
      return { "error.type": ended };
  }
}

function shortened(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
