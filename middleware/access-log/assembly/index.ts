// Writes one line for each request, when its outcome is known.
import { keep } from "../../assembly/arena";
import * as handler from "../../assembly/handler";
import { DEBUG, INFO, NOTICE, now, readSettings, takeFacts, writeLog } from "../../assembly/host";
import { Entries, isObject, member, parse, stringOf } from "../../assembly/json";
import {
  ABSENT,
  ascii,
  includes,
  indexOfByte,
  is,
  lengthOf,
  slice,
  startsWith,
  Text,
} from "../../assembly/text";
import { begin, put, putAscii, putInteger, putString, written } from "../../assembly/writer";
import { mergeFacts, principal, putFacts, decision, reason, wereDropped } from "./facts";
import { putOwner, putPolicy } from "./owner";
import { putPrintable } from "./printable";
import { putRedacted, readRedaction } from "./redact";
import { putTime } from "./time";

export { cabi_post, cabi_realloc, handle } from "../../assembly/handler";

/** Longer parameters of `tasks/*` are not looked into. */
const MAX_TASK_PARAMS: i32 = 4096;

let level: i32 = -1;

handler.serve(answer);

function answer(): handler.Outcome {
  if (level < 0) start();
  const startedAt = now();
  // What is there before the request belongs to none that this log tells of.
  takeFacts();
  const outcome = handler.next();
  mergeFacts(takeFacts());
  const durationMs = now() - startedAt;
  begin();
  putAscii('{"time":"');
  putTime(startedAt);
  putAscii('"');
  putCircumstances();
  putOutcome(outcome);
  putAscii(',"durationMs":');
  putInteger(durationMs);
  putAscii(',"requestBytes":');
  putInteger(handler.params == ABSENT ? 0 : lengthOf(handler.params));
  putAscii("}");
  writeLog(level, ascii("request"), written());
  return outcome;
}

/** Reads the settings, which are constant. */
function start(): void {
  const settings = parse(readSettings());
  const named = stringOf(member(settings, "level"));
  level = INFO;
  if (named != ABSENT) {
    if (is(named, "debug")) level = DEBUG;
    else if (is(named, "notice")) level = NOTICE;
  }
  readRedaction(member(settings, "redact"));
  keep();
}

/** What is known of a request before anything decides on it. */
function putCircumstances(): void {
  let requestId = ABSENT;
  let traceparent = ABSENT;
  let transport = ABSENT;
  let protocolVersion = ABSENT;
  let peer = ABSENT;
  let task = ABSENT;
  let retry = ABSENT;
  // Once for all: there is more in it than is asked for.
  const context = new Entries(parse(handler.context));
  while (context.next()) {
    const key = context.key;
    if (is(key, "requestId")) requestId = context.value;
    else if (is(key, "traceparent")) traceparent = context.value;
    else if (is(key, "transport")) transport = context.value;
    else if (is(key, "protocolVersion")) protocolVersion = context.value;
    else if (is(key, "peer")) peer = context.value;
    else if (is(key, "task")) task = context.value;
    else if (is(key, "retry")) retry = context.value;
  }
  putMember("requestId", requestId);
  putTrace(stringOf(traceparent));
  putMember("transport", transport);
  putText("protocolVersion", stringOf(protocolVersion));
  putRedacted("peer", "peer", stringOf(peer));
  putText("method", handler.method);
  putRedacted("target", "target", handler.target);
  putOwner(handler.method, handler.target);
  putPolicy();
  putText("task", taskOf(task));
  if (is(retry, "true")) putAscii(',"retry":true');
}

/** @param traceparent Of the form of W3C Trace Context: four fields and the signs between them. */
function putTrace(traceparent: Text): void {
  if (traceparent == ABSENT) return;
  const first = indexOfByte(traceparent, 0x2d);
  const second = first < 0 ? -1 : indexOfByte(traceparent, 0x2d, first + 1);
  if (second < 0) return;
  const third = indexOfByte(traceparent, 0x2d, second + 1);
  putAscii(',"traceId":');
  putString(slice(traceparent, first + 1, second));
  putAscii(',"parentId":');
  putString(slice(traceparent, second + 1, third < 0 ? lengthOf(traceparent) : third));
}

/** The task that a request is the work of, which is one of the context, or asks about. */
function taskOf(task: Text): Text {
  const id = stringOf(member(task, "id"));
  if (id != ABSENT) return id;
  const params = handler.params;
  if (!startsWith(handler.method, "tasks/") || params == ABSENT) return ABSENT;
  return lengthOf(params) > MAX_TASK_PARAMS ? ABSENT : stringOf(member(parse(params), "taskId"));
}

/** How a request ended, and what the rest of the chain learned of it. */
function putOutcome(outcome: handler.Outcome): void {
  const tag = handler.tagOf(outcome);
  const refused = tag == handler.REFUSED;
  putPrincipal();
  if (refused) putAscii(',"decision":"deny"');
  else putMember("decision", decision);
  if (refused || is(decision, '"deny"')) putMember("reason", reason);
  putFacts();
  let bytes = 0;
  switch (tag) {
    case handler.SUCCESS: {
      const result = handler.resultOf(outcome);
      putAscii(isToolError(result) ? ',"outcome":"tool-error"' : ',"outcome":"ok"');
      bytes = lengthOf(result);
      break;
    }
    case handler.FAILURE:
    case handler.REFUSED: {
      const error = handler.errorOf(outcome);
      putAscii(refused ? ',"outcome":"refused","status":' : ',"outcome":"error"');
      if (refused) putInteger(handler.statusOf(outcome));
      putAscii(',"code":');
      putInteger(handler.codeOf(error));
      const data = handler.dataOf(error);
      bytes = lengthOf(handler.messageOf(error)) + (data == ABSENT ? 0 : lengthOf(data));
      break;
    }
    case handler.INPUT_REQUIRED:
      putAscii(',"outcome":"input-required"');
      bytes = lengthOf(handler.requestsOf(outcome));
      break;
    default:
      putAscii(',"outcome":"accepted"');
  }
  putAscii(',"responseBytes":');
  putInteger(bytes);
  if (wereDropped()) putAscii(',"factsDropped":true');
}

function putPrincipal(): void {
  if (!isObject(principal)) return;
  putAscii(',"principal":{');
  putRedacted("principal.subject", "subject", stringOf(member(principal, "subject")));
  putRedacted("principal.issuer", "issuer", stringOf(member(principal, "issuer")));
  putRedacted("principal.clientId", "clientId", stringOf(member(principal, "clientId")));
  putAscii("}");
}

/** Reads only results that hold a member of that name and do not start with it, as failed ones of the SDK do. */
function isToolError(result: Text): bool {
  if (startsWith(result, '{"isError":true')) return true;
  return includes(result, '"isError"') && is(member(parse(result), "isError"), "true");
}

/** Writes a value as it is, where there is one. */
function putMember(name: string, value: Text): void {
  if (value == ABSENT) return;
  putName(name);
  put(value);
}

/** Writes a text, where there is one. */
function putText(name: string, text: Text): void {
  if (text == ABSENT) return;
  putName(name);
  putPrintable(text);
}

function putName(name: string): void {
  putAscii(',"');
  putAscii(name);
  putAscii('":');
}
