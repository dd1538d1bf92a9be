// `tenon:mcp/handler`, as the canonical ABI passes it: what a middleware exports and what it calls.
import { realloc, release } from "./arena";
import { ABSENT, EMPTY, lengthOf, optionalAt, placeOf, stringAt, textAt, Text } from "./text";

// @ts-ignore: a decorator of AssemblyScript
@external("tenon:mcp/handler@0.1.0", "handle")
declare function callNext(
  context: usize,
  contextLength: i32,
  hasId: i32,
  id: usize,
  idLength: i32,
  method: usize,
  methodLength: i32,
  hasTarget: i32,
  target: usize,
  targetLength: i32,
  hasParams: i32,
  params: usize,
  paramsLength: i32,
  outcome: usize,
): void;

/** The circumstances of the request in flight, as JSON. */
export let context: Text = EMPTY;
export let id: Text = ABSENT;
export let method: Text = EMPTY;
export let target: Text = ABSENT;
export let params: Text = ABSENT;

/** Where an outcome lies in memory, as `outcome` of `tenon:mcp/types` is lowered. */
export type Outcome = usize;

export const SUCCESS: i32 = 0;
export const FAILURE: i32 = 1;
export const REFUSED: i32 = 2;
export const INPUT_REQUIRED: i32 = 3;

const OUTCOME_BYTES: i32 = 40;

/** What answers the request in flight. */
let answer: () => Outcome = unserved;

/** For the module of a middleware, when it starts: what answers requests. */
export function serve(work: () => Outcome): void {
  answer = work;
}

function unserved(): Outcome {
  return unreachable();
}

/** For the host: takes the arguments, and has them answered. */
export function handle(
  contextAt: usize,
  contextLength: i32,
  hasId: i32,
  idAt: usize,
  idLength: i32,
  methodAt: usize,
  methodLength: i32,
  hasTarget: i32,
  targetAt: usize,
  targetLength: i32,
  hasParams: i32,
  paramsAt: usize,
  paramsLength: i32,
): Outcome {
  context = textAt(contextAt, contextLength);
  id = hasId ? textAt(idAt, idLength) : ABSENT;
  method = textAt(methodAt, methodLength);
  target = hasTarget ? textAt(targetAt, targetLength) : ABSENT;
  params = hasParams ? textAt(paramsAt, paramsLength) : ABSENT;
  return answer();
}

/** Has the rest of the chain answer the request in flight. */
export function next(changed: Text = context): Outcome {
  const outcome = __alloc(OUTCOME_BYTES);
  callNext(
    placeOf(changed),
    lengthOf(changed),
    i32(id != ABSENT),
    placeOf(id),
    lengthOf(id),
    placeOf(method),
    lengthOf(method),
    i32(target != ABSENT),
    placeOf(target),
    lengthOf(target),
    i32(params != ABSENT),
    placeOf(params),
    lengthOf(params),
    outcome,
  );
  return outcome;
}

export function tagOf(outcome: Outcome): i32 {
  return load<u8>(outcome);
}

/** The result of a success. */
export function resultOf(outcome: Outcome): Text {
  return stringAt(outcome + 4);
}

/** What an outcome of `input-required` asks. */
export function requestsOf(outcome: Outcome): Text {
  return stringAt(outcome + 4);
}

/** Where the error of a failure or a refusal lies. */
export function errorOf(outcome: Outcome): usize {
  return outcome + (tagOf(outcome) == REFUSED ? 16 : 4);
}

export function statusOf(refused: Outcome): i32 {
  return load<u16>(refused + 4);
}

export function codeOf(error: usize): i32 {
  return load<i32>(error);
}

export function messageOf(error: usize): Text {
  return stringAt(error + 4);
}

/** Absent where the error has no data. */
export function dataOf(error: usize): Text {
  return optionalAt(error + 12);
}

/** A refusal with one header field, or none where its name is `ABSENT`. */
export function refusal(
  status: i32,
  headerName: Text,
  headerValue: Text,
  code: i32,
  message: Text,
  data: Text,
): Outcome {
  const outcome = __alloc(OUTCOME_BYTES);
  memory.fill(outcome, 0, OUTCOME_BYTES);
  store<u8>(outcome, REFUSED);
  store<u16>(outcome + 4, <u16>status);
  if (headerName != ABSENT) {
    const header = __alloc(16);
    storeText(header, headerName);
    storeText(header + 8, headerValue);
    store<u32>(outcome + 8, <u32>header);
    store<u32>(outcome + 12, 1);
  }
  storeError(outcome + 16, code, message, data);
  return outcome;
}

/** An error of JSON-RPC. */
export function failure(code: i32, message: Text): Outcome {
  const outcome = __alloc(OUTCOME_BYTES);
  store<u8>(outcome, FAILURE);
  storeError(outcome + 4, code, message, ABSENT);
  return outcome;
}

/** A result. */
export function success(result: Text): Outcome {
  const outcome = __alloc(OUTCOME_BYTES);
  store<u8>(outcome, SUCCESS);
  storeText(outcome + 4, result);
  return outcome;
}

function storeError(at: usize, code: i32, message: Text, data: Text): void {
  store<i32>(at, code);
  storeText(at + 4, message);
  store<u8>(at + 12, u8(data != ABSENT));
  if (data != ABSENT) storeText(at + 16, data);
}

function storeText(at: usize, text: Text): void {
  store<u32>(at, <u32>placeOf(text));
  store<u32>(at + 4, lengthOf(text));
}

/** For the host: memory for arguments and results. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  return realloc(old, oldSize, align, size);
}

/** For the host: it has read the outcome. */
export function cabi_post(_outcome: Outcome): void {
  release();
}
