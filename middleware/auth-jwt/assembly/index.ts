// Authenticates callers by tokens. What needs no cryptography happens here: a token that was verified is let in without the engine.
import { keep } from "../../assembly/arena";
import {
  admit,
  authenticationFailed,
  authenticationUnavailable,
  invalidToken,
  prepareAuthentication,
  presented,
  withoutCredential,
} from "../../assembly/authentication";
import { behindBearer } from "../../assembly/bearer-scheme";
import * as handler from "../../assembly/handler";
import { now, readSettings, sha256 } from "../../assembly/host";
import { isObject, member, parse, stringOf } from "../../assembly/json";
import { numberOf } from "../../assembly/number";
import { ABSENT, ascii, lengthOf, slice, Text, unitsOf } from "../../assembly/text";
import { isNumber } from "../../assembly/value";
import { keepRemembered, knownCaller, remember } from "./known-tokens";
import { verdictOn } from "./verifier";

export { cabi_realloc, handle } from "../../assembly/handler";

/** For the host: it has read the outcome. */
export function cabi_post(outcome: handler.Outcome): void {
  handler.cabi_post(outcome);
  keepRemembered();
}

/** Characters of a token, where the settings say nothing else. */
const DEFAULT_MAX_LENGTH: f64 = 8192;

let isStarted: bool = false;
/** In UTF-16 code units. */
let maxLength: f64 = DEFAULT_MAX_LENGTH;

handler.serve(answer);

function answer(): handler.Outcome {
  if (!isStarted) start();
  const authorization = presented();
  return authorization == ABSENT ? withoutCredential() : authenticate(authorization);
}

/** Reads what is constant: the settings, and what the composition says of the server. */
function start(): void {
  isStarted = true;
  const length = numberIn(parse(readSettings()), "maxTokenLength");
  if (length > 0) maxLength = length;
  prepareAuthentication("auth-jwt");
  keep();
}

function authenticate(authorization: Text): handler.Outcome {
  const from = behindBearer(authorization);
  if (from < 0) return invalidToken(ascii("not-a-bearer-token"));
  const token = slice(authorization, from, lengthOf(authorization));
  if (<f64>unitsOf(token) > maxLength) return invalidToken(ascii("too-long"));
  const digest = sha256(token);
  const known = knownCaller(digest, now());
  return known == ABSENT ? verify(token, digest) : admit(known);
}

function verify(token: Text, digest: Text): handler.Outcome {
  const verdict = verdictOn(token);
  const refused = stringOf(member(verdict, "refused"));
  if (refused != ABSENT) return invalidToken(refused);
  const unavailable = stringOf(member(verdict, "unavailable"));
  if (unavailable != ABSENT) {
    return authenticationUnavailable(unavailable, numberIn(verdict, "retryAfterSeconds"));
  }
  const caller = member(verdict, "principal");
  if (!isObject(caller)) return authenticationFailed("verifying the token failed");
  remember(digest, caller, <i64>numberIn(verdict, "until"));
  return admit(caller);
}

/** The number that a member is; 0 where there is none. */
function numberIn(object: Text, name: string): f64 {
  const value = member(object, name);
  return value != ABSENT && isNumber(value) ? numberOf(value) : 0;
}
