import type { InputRequest, Option, Outcome, Refusal, Request, RpcError } from "./messages.ts";
import { isObject } from "./tool-result.ts";

// A value of the wrong shape would trap on its way out of the component, and a trap loses the instance. So what
// authors hand over is checked here, where it is still an exception.

/** A copy of a request that has the contract's shape. @throws TypeError naming the member that has not. */
export function checkedRequest(value: unknown): Request {
  if (!isObject(value)) throw new TypeError("the request is not an object");
  return {
    id: option(value["id"], "request.id"),
    method: text(value["method"], "request.method"),
    target: option(value["target"], "request.target"),
    params: option(value["params"], "request.params"),
  };
}

/** A copy of an outcome that has the contract's shape. @throws TypeError naming the member that has not. */
export function checkedOutcome(value: unknown): Outcome {
  if (!isObject(value)) throw new TypeError("the outcome is not an object");
  const { tag, val } = value;
  switch (tag) {
    case "success":
      return { tag, val: text(val, "outcome.val") };
    case "failure":
      return { tag, val: rpcError(val, "outcome.val") };
    case "refused":
      return { tag, val: refusal(val) };
    case "input-required":
      return { tag, val: inputRequest(val) };
    case "accepted":
      return { tag };
    default:
      throw new TypeError(`outcome.tag is ${typeof tag === "string" ? JSON.stringify(tag) : "not a string"}`);
  }
}

function rpcError(value: unknown, at: string): RpcError {
  if (!isObject(value)) throw new TypeError(`${at} is not an object`);
  return {
    code: integer(value["code"], -(2 ** 31), 2 ** 31 - 1, `${at}.code`),
    message: text(value["message"], `${at}.message`),
    data: option(value["data"], `${at}.data`),
  };
}

function refusal(value: unknown): Refusal {
  if (!isObject(value)) throw new TypeError("outcome.val is not an object");
  const { headers } = value;
  if (!Array.isArray(headers)) throw new TypeError("outcome.val.headers is not a list");
  return {
    status: integer(value["status"], 400, 599, "outcome.val.status"),
    headers: headers.map((header: unknown, index) => {
      if (!Array.isArray(header))
        throw new TypeError(`outcome.val.headers[${index}] is not a name with a value`);
      return [
        text(header[0], `outcome.val.headers[${index}][0]`),
        text(header[1], `outcome.val.headers[${index}][1]`),
      ];
    }),
    error: rpcError(value["error"], "outcome.val.error"),
  };
}

function inputRequest(value: unknown): InputRequest {
  if (!isObject(value)) throw new TypeError("outcome.val is not an object");
  return {
    requests: text(value["requests"], "outcome.val.requests"),
    state: option(value["state"], "outcome.val.state"),
  };
}

function text(value: unknown, at: string): string {
  if (typeof value !== "string") throw new TypeError(`${at} is not a string`);
  return value;
}

function option(value: unknown, at: string): Option<string> {
  return value === undefined || value === null ? undefined : text(value, at);
}

function integer(value: unknown, least: number, most: number, at: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${at} is not a whole number from ${least} to ${most}`);
  }
  return value;
}
