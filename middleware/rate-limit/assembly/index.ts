// Charges each request to the budgets of its caller before the rest of the chain sees it.
import { keep } from "../../assembly/arena";
import * as handler from "../../assembly/handler";
import { ERROR, entryOf, readSettings, recordFacts, writeLog } from "../../assembly/host";
import { Entries, member, parse, stringOf } from "../../assembly/json";
import * as kv from "../../assembly/kv";
import { ABSENT, ascii, EMPTY, is, startsWith, Text } from "../../assembly/text";
import { begin, put, putAscii, putInteger, putString, written } from "../../assembly/writer";
import { ADMITTED, Charge, charge, REFUSED, refusedBy, UNCOUNTED, waitMs } from "./charge";
import { keyOf } from "./key-of";
import { asksForTool, Limit, limitCount, limits, readLimits } from "./limit";

export { cabi_post, cabi_realloc, handle } from "../../assembly/handler";

/** Codes of JSON-RPC errors. These two are outside the range that JSON-RPC reserves. */
const RATE_LIMITED: i32 = -31_429;
const UNAVAILABLE: i32 = -31_503;
const INTERNAL_ERROR: i32 = -32_603;

let isStarted: bool = false;
let prefix: Text = EMPTY;
let allowsUncounted: bool = false;
let isApproximate: bool = false;
let isStoreKnown: bool = false;
/** No request can be counted as the settings say. */
let isMisconfigured: bool = false;

handler.serve(answer);

function answer(): handler.Outcome {
  if (!isStarted) start();
  const context = parse(handler.context);
  // What continues a request was counted with it.
  if (is(member(context, "retry"), "true")) return handler.next();
  if (!isStoreKnown) readStore();
  if (isMisconfigured) return unavailable(ascii("misconfigured"));
  switch (chargeRequest(context)) {
    case ADMITTED:
      return handler.next();
    case REFUSED:
      return tooMany(refusedBy!);
    case UNCOUNTED:
      return uncounted();
    default:
      return foreign();
  }
}

/** Reads the settings, which are constant. */
function start(): void {
  const settings = parse(readSettings());
  const given = stringOf(member(settings, "keyPrefix"));
  prefix = given == ABSENT ? ascii("limits/") : given;
  const onStoreFailure = stringOf(member(settings, "onStoreFailure"));
  allowsUncounted = onStoreFailure != ABSENT && is(onStoreFailure, "allow");
  isApproximate = is(member(settings, "approximate"), "true");
  readLimits(settings);
  isStarted = true;
  keep();
}

/** Learns what the store can do, once and for all, and logs what is wrong with that or with the settings. */
function readStore(): void {
  isStoreKnown = true;
  kv.readFeatures();
  begin();
  putAscii("Every request is refused: ");
  if (!isApproximate && !(kv.swaps && kv.isPersistent)) {
    putAscii("the store ");
    putAscii(kv.swaps ? "forgets between requests" : "cannot swap");
    putAscii('. Grant "kv", use a store that can ("tenon serve --kv"), or set "approximate": true');
  } else {
    const unknown = unknownTool();
    if (unknown == ABSENT) return;
    putAscii('"cost" names the tool "');
    put(unknown);
    putAscii('", which this server does not list');
  }
  isMisconfigured = true;
  writeLog(ERROR, written(), ABSENT);
}

/** A tool with a cost of its own that does not exist, which would cost too little; `ABSENT` where there is none. */
function unknownTool(): Text {
  for (let i = 0; i < limitCount; i++) {
    const costs = new Entries(limits[i]!.tools);
    while (costs.next()) if (!isTool(costs.key)) return costs.key;
  }
  return ABSENT;
}

/** True for a tool of the composition: whoever makes up names must not get budgets for them. */
function isTool(name: Text): bool {
  return entryOf(ascii("tool"), name) != ABSENT;
}

/** Charges the request in flight to each limit that counts it. */
function chargeRequest(context: Text): i32 {
  const tool = asksForTool ? toolOf(handler.method, handler.target) : ABSENT;
  const charges = new StaticArray<Charge | null>(limitCount);
  let count = 0;
  for (let i = 0; i < limitCount; i++) {
    const limit = limits[i]!;
    const cost = limit.costOf(tool);
    if (cost == 0 || !limit.counts(handler.method)) continue;
    charges[count++] = new Charge(limit, keyOf(prefix, limit, context, tool), cost);
  }
  return charge(charges, count);
}

/** The tool that a request calls, or asks about the task of; `ABSENT` for what is none of the composition. */
function toolOf(method: Text, target: Text): Text {
  if (target == ABSENT || !(is(method, "tools/call") || startsWith(method, "tasks/"))) return ABSENT;
  return isTool(target) ? target : ABSENT;
}

function tooMany(limit: Limit): handler.Outcome {
  const retryAfterMs = <i64>waitMs;
  const seconds = (retryAfterMs + 999) / 1000;
  begin();
  putAscii('{"decision":"deny","reason":"rate-limited","limit":');
  put(limit.facts);
  putAscii(',"retryAfterMs":');
  putInteger(retryAfterMs);
  putAscii("}}");
  recordFacts(written());
  begin();
  putAscii('{"retryAfterMs":');
  putInteger(retryAfterMs);
  putAscii(',"limit":');
  put(limit.facts);
  putAscii("}}");
  const data = written();
  begin();
  putInteger(seconds);
  const retryAfter = written();
  begin();
  putAscii("Too many requests: try again in ");
  put(retryAfter);
  putAscii(" s");
  return handler.refusal(429, ascii("retry-after"), retryAfter, RATE_LIMITED, written(), data);
}

/** What becomes of a request when the store failed. */
function uncounted(): handler.Outcome {
  const code = kv.code;
  begin();
  putAscii("kv: ");
  put(code);
  putAscii(": ");
  put(kv.reason);
  const error = written();
  begin();
  putAscii('{"error":');
  putString(error);
  putAscii("}");
  const fields = written();
  const message = allowsUncounted
    ? "A request was not counted, and let through"
    : "A request was not counted, and refused";
  writeLog(ERROR, ascii(message), fields);
  if (!allowsUncounted) return unavailable(code);
  begin();
  putAscii('{"limit":{"counted":false,"error":');
  putString(code);
  putAscii("}}");
  recordFacts(written());
  return handler.next();
}

/** @param error What is wrong with the store, for the audit log alone. */
function unavailable(error: Text): handler.Outcome {
  begin();
  putAscii('{"decision":"deny","reason":"limit-unavailable","limit":{"counted":false,"error":');
  putString(error);
  putAscii("}}");
  recordFacts(written());
  const message = ascii("Requests cannot be counted at the moment: try again later");
  // A store that failed may be tried again after a second.
  return handler.refusal(503, ascii("retry-after"), ascii("1"), UNAVAILABLE, message, ABSENT);
}

/** What becomes of a request when the store holds, by the key of a budget, what none of this has written. */
function foreign(): handler.Outcome {
  begin();
  putAscii('{"method":');
  putString(handler.method);
  putAscii(',"error":"TypeError: the store holds something else there"}');
  writeLog(ERROR, ascii('Middleware "rate-limit" failed'), written());
  return handler.failure(INTERNAL_ERROR, ascii("Internal error"));
}
