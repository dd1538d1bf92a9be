// The verified caller, as JSON: `subject`, `issuer`, perhaps `clientId`, `scopes`, perhaps `roles` and `claims`.
import { isSameString } from "./code-units";
import { Entries, isArray, isObject, isString, member, withMember } from "./json";
import { ABSENT, is, Text, textAt } from "./text";
import { Texts } from "./texts";
import { memberNamed } from "./value";
import { begin, put, putAscii, restore, save, written } from "./writer";

const NO_MEMBERS: Text = textAt(memory.data<u8>([0x7b, 0x7d]), 2);
const NO_ITEMS: Text = textAt(memory.data<u8>([0x5b, 0x5d]), 2);

/** Whether a value is a principal: what is none must not become a caller. */
export function isPrincipal(value: Text): bool {
  const clientId = member(value, "clientId");
  const roles = member(value, "roles");
  const claims = member(value, "claims");
  return (
    isName(member(value, "subject")) &&
    isName(member(value, "issuer")) &&
    (clientId == ABSENT || isString(clientId)) &&
    areStrings(member(value, "scopes")) &&
    (roles == ABSENT || areStrings(roles)) &&
    (claims == ABSENT || isObject(claims))
  );
}

function isName(value: Text): bool {
  return isString(value) && !is(value, '""');
}

/** Whether a value is a list of strings. */
export function areStrings(value: Text): bool {
  if (!isArray(value)) return false;
  const items = new Entries(value);
  while (items.next()) if (!isString(items.value)) return false;
  return true;
}

/** A principal with the scopes of its roles as well; `ABSENT` where those are no scopes. @param scopesOfRoles By the names of roles. */
export function withRoles(principal: Text, scopesOfRoles: Text): Text {
  const roles = new Entries(member(principal, "roles"));
  const scopes = new Texts();
  addStrings(scopes, member(principal, "scopes"));
  let isAnyAdded = false;
  while (roles.next()) {
    const added = memberNamed(scopesOfRoles, roles.value);
    if (added == ABSENT || is(added, "[]")) continue;
    if (!areStrings(added)) return ABSENT;
    addStrings(scopes, added);
    isAnyAdded = true;
  }
  return isAnyAdded ? withMember(principal, "scopes", listOf(scopes)) : principal;
}

/** A principal as rules see it. One without roles or claims has none. */
export function asRulesSeeIt(principal: Text): Text {
  const hasRoles = member(principal, "roles") != ABSENT;
  const complete = hasRoles ? principal : withMember(principal, "roles", NO_ITEMS);
  return member(complete, "claims") == ABSENT ? withMember(complete, "claims", NO_MEMBERS) : complete;
}

/** Adds strings that are not there yet, as they are written. */
function addStrings(to: Texts, list: Text): void {
  const items = new Entries(list);
  while (items.next()) {
    let at = 0;
    while (at < to.count && !isSameString(to.at(at), items.value)) at++;
    if (at == to.count) to.add(items.value);
  }
}

function listOf(items: Texts): Text {
  save();
  begin();
  putAscii("[");
  for (let i = 0; i < items.count; i++) {
    if (i > 0) putAscii(",");
    put(items.at(i));
  }
  putAscii("]");
  const list = written();
  restore();
  return list;
}

/** Whether a principal was granted a scope. @param scope A JSON string. */
export function hasScope(principal: Text, scope: Text): bool {
  const scopes = new Entries(member(principal, "scopes"));
  while (scopes.next()) if (isSameString(scopes.value, scope)) return true;
  return false;
}
