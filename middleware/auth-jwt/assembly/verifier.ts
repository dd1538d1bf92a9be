// The part of this middleware that has an engine, by the interface of `verifier.wit`.
import { context, Outcome, resultOf, SUCCESS, tagOf } from "../../assembly/handler";
import { parse } from "../../assembly/json";
import { ABSENT, lengthOf, placeOf, Text } from "../../assembly/text";

// @ts-ignore: a decorator of AssemblyScript
@external("tenon:auth-jwt/verifier@0.1.0", "verify")
declare function callVerify(
  context: usize,
  contextLength: i32,
  token: usize,
  tokenLength: i32,
  outcome: usize,
): void;

/** More than an outcome takes. */
const OUTCOME_BYTES: i32 = 40;

/** What the token of the request in flight turns out to be, as JSON; `ABSENT` where verifying it failed. */
export function verdictOn(token: Text): Text {
  const outcome: Outcome = __alloc(OUTCOME_BYTES);
  callVerify(placeOf(context), lengthOf(context), placeOf(token), lengthOf(token), outcome);
  return tagOf(outcome) == SUCCESS ? parse(resultOf(outcome)) : ABSENT;
}
