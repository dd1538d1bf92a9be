import { entryOf } from "../../assembly/host";
import { member, parse } from "../../assembly/json";
import { remember, remembered } from "../../assembly/remembered";
import { ABSENT, ascii, EMPTY, is, lengthOf, startsWith, Text } from "../../assembly/text";
import { begin, put, putAscii, restore, save, written } from "../../assembly/writer";

/** Writes the digest of the policy of the server, where it has one. */
export function putPolicy(): void {
  putEntry("server", EMPTY);
}

/** Writes which component owns the target of a request; nothing where the composition has no such thing by exactly that name. */
export function putOwner(method: Text, target: Text): void {
  if (target == ABSENT) return;
  if (is(method, "tools/call") || isTaskMethod(method)) putEntry("tool", target);
  else if (is(method, "prompts/get")) putEntry("prompt", target);
  else if (isResourceMethod(method)) putEntry("resource", target);
  else if (is(method, "completion/complete") && !putEntry("prompt", target)) {
    putEntry("resource-template", target);
  }
}

/** Writes the members that stand for an entry. The catalog is constant, so it is asked once for what it has. */
function putEntry(kind: string, name: Text): bool {
  save();
  begin();
  putAscii(kind);
  putAscii(" ");
  put(name);
  const key = written();
  let members = remembered(key);
  if (members == ABSENT) {
    const entry = parse(entryOf(ascii(kind), name));
    begin();
    if (entry != ABSENT) {
      putMember("provider", member(entry, "provider"));
      putMember("component", member(entry, "digest"));
      putMember("policy", member(entry, "policyDigest"));
    }
    members = written();
    if (entry != ABSENT) remember(key, members);
  }
  restore();
  put(members);
  return lengthOf(members) > 0;
}

function putMember(name: string, value: Text): void {
  if (value == ABSENT) return;
  putAscii(',"');
  putAscii(name);
  putAscii('":');
  put(value);
}

function isTaskMethod(method: Text): bool {
  return (
    startsWith(method, "tasks/") &&
    (is(method, "tasks/get") || is(method, "tasks/update") || is(method, "tasks/cancel"))
  );
}

function isResourceMethod(method: Text): bool {
  return (
    is(method, "resources/read") || is(method, "resources/subscribe") || is(method, "resources/unsubscribe")
  );
}
