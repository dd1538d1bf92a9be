// Authenticates callers by keys.
import { keep } from "../../assembly/arena";
import {
  admit,
  authenticationFailed,
  invalidToken,
  prepareAuthentication,
  presented,
  withoutCredential,
} from "../../assembly/authentication";
import * as handler from "../../assembly/handler";
import { now, readSettings } from "../../assembly/host";
import { member, parse } from "../../assembly/json";
import { ABSENT, ascii, lengthOf, Text } from "../../assembly/text";
import { begin, put, putAscii, written } from "../../assembly/writer";
import { bearerToken } from "./bearer";
import { expiryOf, findKey, readKeys, settingOf } from "./keyring";

export { cabi_post, cabi_realloc, handle } from "../../assembly/handler";

const MAX_KEY_LENGTH: i32 = 1024;

let isStarted: bool = false;
/** What is wrong with the settings; empty where nothing is. */
let problem: string = "";
/** As JSON; `ABSENT` where the settings have none. */
let issuer: Text = ABSENT;

handler.serve(answer);

function answer(): handler.Outcome {
  if (!isStarted) start();
  const authorization = presented();
  return authorization == ABSENT ? withoutCredential() : authenticate(authorization);
}

/** Reads the settings and what the composition says of the server, which are constant. */
function start(): void {
  isStarted = true;
  const settings = parse(readSettings());
  issuer = member(settings, "issuer");
  problem = readKeys(member(settings, "keys"));
  prepareAuthentication("auth-api-key");
  keep();
}

function authenticate(authorization: Text): handler.Outcome {
  if (problem.length > 0) return authenticationFailed(problem);
  const token = bearerToken(authorization);
  if (token == ABSENT) return invalidToken(ascii("not-a-bearer-token"));
  if (lengthOf(token) > MAX_KEY_LENGTH) return invalidToken(ascii("too-long"));
  const key = findKey(token);
  if (key < 0) return invalidToken(ascii("unknown-key"));
  return now() >= expiryOf(key) ? invalidToken(ascii("expired-key")) : admit(principalOf(settingOf(key)));
}

function principalOf(setting: Text): Text {
  const id = member(setting, "id");
  begin();
  putAscii('{"subject":');
  putOr(member(setting, "subject"), id);
  putAscii(',"issuer":');
  if (issuer == ABSENT) putAscii('"api-key"');
  else put(issuer);
  putAscii(',"clientId":');
  put(id);
  putAscii(',"scopes":');
  putList(member(setting, "scopes"));
  putAscii(',"roles":');
  putList(member(setting, "roles"));
  putAscii("}");
  return written();
}

function putOr(value: Text, other: Text): void {
  put(value == ABSENT ? other : value);
}

function putList(list: Text): void {
  if (list == ABSENT) putAscii("[]");
  else put(list);
}
