// What a middleware that authenticates answers: that of an OAuth 2.0 resource server (RFC 6750, section 3; RFC 9728, section 5.1).
import {
  accessOf,
  AGAINST_RULE,
  ALLOWED,
  countOfNeeded,
  LACKS_SCOPES,
  metadataUrl,
  neededScope,
  readServer,
  restrictedList,
  scopesOfRoles,
  UNREADABLE,
  visibleOf,
} from "./access";
import * as handler from "./handler";
import { ERROR, INFO, readAuthorization, recordFacts, writeLog } from "./host";
import { isObject, member, parse, stringOf, withMember } from "./json";
import { isPrincipal, withRoles } from "./principal";
import { ABSENT, ascii, byteAt, EMPTY, lengthOf, Text } from "./text";
import { begin, put, putAscii, putInteger, putString, restore, save, written } from "./writer";

/** Codes of refusals, outside the range that JSON-RPC reserves. */
const NO_TOKEN: i32 = -31_401;
const FORBIDDEN: i32 = -31_403;
const UNAVAILABLE: i32 = -31_503;
const INTERNAL_ERROR: i32 = -32_603;
const MAX_RETRY_SECONDS: f64 = 86_400;

let middleware: string = "";

/** To be called once, before what is taken is kept. @param name That of the middleware, for the log. */
export function prepareAuthentication(name: string): void {
  middleware = name;
  readServer();
}

/** The value of the header field `authorization` of the request in flight; `ABSENT` where there is none, or nothing in it. */
export function presented(): Text {
  const value = readAuthorization();
  return value == ABSENT || isBlank(value) ? ABSENT : value;
}

/** The answer to a request without a credential. */
export function withoutCredential(): handler.Outcome {
  return challenge(401, NO_TOKEN, "", "no-credential", EMPTY);
}

/** The answer to a credential that is not valid. @param reason A short code for the log and the audit log; clients are not told. */
export function invalidToken(reason: Text): handler.Outcome {
  save();
  begin();
  putAscii('{"error":"invalid_token","reason":');
  putString(reason);
  putAscii("}");
  writeLog(INFO, ascii("Refused a credential"), written());
  restore();
  return challenge(401, NO_TOKEN, "invalid_token", "invalid-token", reason);
}

/**
 * The answer to a credential that cannot be checked now.
 *
 * @param reason A short code for the log and the audit log.
 * @param retryAfterSeconds When to try again; at least 1, whatever is given.
 */
export function authenticationUnavailable(reason: Text, retryAfterSeconds: f64): handler.Outcome {
  save();
  begin();
  putAscii('{"reason":');
  putString(reason);
  putAscii("}");
  writeLog(ERROR, ascii("Cannot check a credential"), written());
  recordDenial("authentication-unavailable", reason);
  begin();
  putInteger(<i64>min(max(ceil(retryAfterSeconds), 1), MAX_RETRY_SECONDS));
  const seconds = written();
  restore();
  const message = ascii("Credentials cannot be checked now, try again");
  return handler.refusal(503, ascii("retry-after"), seconds, UNAVAILABLE, message, ABSENT);
}

/** The answer where checking a credential failed. @param problem For the log. */
export function authenticationFailed(problem: string): handler.Outcome {
  recordDenial("authentication-failed", EMPTY);
  return internalError(problem);
}

/** Passes the request in flight on, where the caller may make it. @param principal As JSON. Its roles are turned into scopes as `tenon.json` says. */
export function admit(principal: Text): handler.Outcome {
  const verified = parse(principal);
  if (!isPrincipal(verified)) return internalError("the principal of the verdict is not one");
  const caller = withRoles(verified, scopesOfRoles);
  const context = parse(handler.context);
  if (caller == ABSENT || !isObject(context))
    return internalError("the catalog or the context cannot be read");
  const access = accessOf(caller);
  if (access == UNREADABLE) return internalError("what decides on the request cannot be read");
  recordFacts(factsOf(caller, access == ALLOWED));
  if (access == LACKS_SCOPES)
    return challenge(403, FORBIDDEN, "insufficient_scope", "insufficient-scope", EMPTY);
  if (access == AGAINST_RULE) {
    recordDenial("rule", EMPTY);
    return handler.refusal(403, ABSENT, ABSENT, FORBIDDEN, messageOf(403), ABSENT);
  }
  const outcome = handler.next(withMember(context, "principal", caller));
  const list = restrictedList();
  if (list < 0 || handler.tagOf(outcome) != handler.SUCCESS) return outcome;
  const visible = visibleOf(handler.resultOf(outcome), list, caller);
  return visible == ABSENT
    ? internalError("the outcome of the list cannot be read")
    : handler.success(visible);
}

/** Who called, for the audit log. */
function factsOf(principal: Text, isAllowed: bool): Text {
  save();
  begin();
  putAscii('{"principal":{"subject":');
  put(member(principal, "subject"));
  putAscii(',"issuer":');
  put(member(principal, "issuer"));
  const clientId = member(principal, "clientId");
  if (clientId != ABSENT) {
    putAscii(',"clientId":');
    put(clientId);
  }
  putAscii(isAllowed ? '},"decision":"allow"}' : "}}");
  const facts = written();
  restore();
  return facts;
}

/** @param detail Empty where there is none. */
function recordDenial(reason: string, detail: Text): void {
  save();
  begin();
  putAscii('{"decision":"deny","reason":"');
  putAscii(reason);
  putAscii('"');
  if (lengthOf(detail) > 0) {
    putAscii(',"detail":');
    putString(detail);
  }
  putAscii("}");
  recordFacts(written());
  restore();
}

/** Refuses with a challenge. @param error Of RFC 6750, section 3.1, or empty. @param reason For the audit log. */
function challenge(status: i32, code: i32, error: string, reason: string, detail: Text): handler.Outcome {
  if (status == 401 && accessOf(ABSENT) == UNREADABLE) {
    return internalError("what decides on the request cannot be read");
  }
  recordDenial(reason, detail);
  const scopes = countOfNeeded();
  save();
  begin();
  putAscii("Bearer");
  if (error.length > 0) {
    putAscii(' error="');
    putAscii(error);
    putAscii('"');
  }
  if (scopes > 0) {
    putAscii(error.length > 0 ? ', scope="' : ' scope="');
    for (let i = 0; i < scopes; i++) {
      if (i > 0) putAscii(" ");
      put(stringOf(neededScope(i)));
    }
    putAscii('"');
  }
  if (metadataUrl != ABSENT) {
    putAscii(error.length > 0 || scopes > 0 ? ', resource_metadata="' : ' resource_metadata="');
    put(metadataUrl);
    putAscii('"');
  }
  const value = written();
  restore();
  const data = status == 403 ? neededAsJson() : ABSENT;
  return handler.refusal(status, ascii("www-authenticate"), value, code, messageOf(status), data);
}

function neededAsJson(): Text {
  save();
  begin();
  putAscii('{"scopes":[');
  for (let i = 0; i < countOfNeeded(); i++) {
    if (i > 0) putAscii(",");
    put(neededScope(i));
  }
  putAscii("]}");
  const data = written();
  restore();
  return data;
}

function messageOf(status: i32): Text {
  return ascii(status == 401 ? "Authentication is required" : "This caller may not do this");
}

/** Nothing gets through. */
function internalError(problem: string): handler.Outcome {
  save();
  begin();
  putAscii('Middleware "');
  putAscii(middleware);
  putAscii('" failed');
  const message = written();
  begin();
  putAscii('{"method":');
  putString(handler.method);
  putAscii(',"error":"');
  putAscii(problem);
  putAscii('"}');
  writeLog(ERROR, message, written());
  restore();
  return handler.failure(INTERNAL_ERROR, ascii("Internal error"));
}

/** Whether there is nothing but what JavaScript takes for white space. */
function isBlank(text: Text): bool {
  const length = lengthOf(text);
  for (let at = 0; at < length;) {
    const byte = byteAt(text, at);
    if (byte == 0x20 || (byte >= 0x09 && byte <= 0x0d)) {
      at++;
      continue;
    }
    if (byte == 0xc2 && byteAt(text, at + 1) == 0xa0) {
      at += 2;
      continue;
    }
    if ((byte & 0xf0) != 0xe0) return false;
    const code = ((byte & 15) << 12) | ((byteAt(text, at + 1) & 63) << 6) | (byteAt(text, at + 2) & 63);
    if (!isWideSpace(code)) return false;
    at += 3;
  }
  return true;
}

/** White space of three bytes. */
function isWideSpace(code: i32): bool {
  switch (code) {
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
    case 0xfeff:
      return true;
    default:
      return code >= 0x2000 && code <= 0x200a;
  }
}
