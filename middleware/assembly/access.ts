// What a caller may use: a request needs the scopes and must fulfil the rule of what it addresses, and lists show what the caller may use.
import { giveBackTo, taken } from "./arena";
import * as handler from "./handler";
import { entryOf } from "./host";
import { Entries, isArray, isObject, isString, member, parse, stringOf, withMember } from "./json";
import { areStrings, asRulesSeeIt, hasScope } from "./principal";
import { mayAllow } from "./rule";
import { expanded, matchTemplates, routed } from "./template-order";
import { ABSENT, ascii, EMPTY, is, isSame, Text } from "./text";
import { Texts } from "./texts";
import { begin, put, putAscii, restore, save, written } from "./writer";

/** Whether a caller may do something. */
export type Access = i32;
export const ALLOWED: Access = 0;
/** It has not got each of the `needed` scopes. */
export const LACKS_SCOPES: Access = 1;
/** A rule is against it. */
export const AGAINST_RULE: Access = 2;
/** What decides cannot be read. */
export const UNREADABLE: Access = 3;

// The entry of the server, which is constant.
let isReadable: bool = false;
let restricted: Text = ABSENT;
/** The scopes of roles by their names; `ABSENT` without. */
export let scopesOfRoles: Text = ABSENT;
/** The URL of the protected resource metadata (RFC 9728, section 3.1); `ABSENT` without. */
export let metadataUrl: Text = ABSENT;

/** Reads what the composition says of the server, which is there as long as the memory that this takes. */
export function readServer(): void {
  const server = parse(entryOf(ascii("server"), EMPTY));
  restricted = member(server, "restricted");
  scopesOfRoles = member(server, "roles");
  const metadata = member(server, "protectedResourceMetadata");
  metadataUrl = stringOf(metadata);
  isReadable =
    isObject(server) &&
    (restricted == ABSENT || isObject(restricted)) &&
    (scopesOfRoles == ABSENT || isObject(scopesOfRoles)) &&
    (metadata == ABSENT || isString(metadata));
  const lists = new Entries(restricted);
  while (lists.next()) isReadable = isReadable && areStrings(lists.value);
}

// What is needed for what was looked at since `lookAnew`.
let needed: Texts = new Texts();
let rules: Texts = new Texts();

function lookAnew(): void {
  needed = new Texts();
  rules = new Texts();
}

/** How many scopes are needed by the request that `accessOf` was asked about. */
export function countOfNeeded(): i32 {
  return needed.count;
}

/** One of them, in their order: a JSON string. */
export function neededScope(index: i32): Text {
  return needed.at(index);
}

/**
 * Whether a principal may make the request in flight. What the composition does not know, such as what a dynamic provider makes up,
 * needs nothing.
 *
 * @param principal `ABSENT` for what the request needs.
 */
export function accessOf(principal: Text): Access {
  lookAnew();
  if (!isReadable || (restricted != ABSENT && !lookAtAddressed())) return UNREADABLE;
  return decide(principal, true);
}

/** @param isRequest True where rules may know the arguments of the request in flight. */
function decide(principal: Text, isRequest: bool): Access {
  for (let i = 0; i < needed.count; i++) if (!hasScope(principal, needed.at(i))) return LACKS_SCOPES;
  if (principal == ABSENT || rules.count == 0) return ALLOWED;
  let given = ABSENT;
  if (isRequest && is(handler.method, "tools/call")) {
    const params = paramsOf();
    if (params == ABSENT) return UNREADABLE;
    given = member(params, "arguments");
    if (given == ABSENT) given = ascii("{}");
  }
  const seen = asRulesSeeIt(principal);
  for (let i = 0; i < rules.count; i++) {
    const before = taken();
    const holds = mayAllow(rules.at(i), seen, given);
    giveBackTo(before);
    if (!holds) return AGAINST_RULE;
  }
  return ALLOWED;
}

/** The parameters of the request in flight, `{}` without; `ABSENT` where they are no JSON. */
function paramsOf(): Text {
  return handler.params == ABSENT ? ascii("{}") : parse(handler.params);
}

/** Looks at what the request in flight addresses, as far as it is restricted; false where that cannot be read. */
function lookAtAddressed(): bool {
  const method = handler.method;
  const name = handler.target == ABSENT ? EMPTY : handler.target;
  if (
    is(method, "tools/call") ||
    is(method, "tasks/get") ||
    is(method, "tasks/update") ||
    is(method, "tasks/cancel")
  ) {
    return lookAtNamed("tool", "tools", name);
  }
  if (is(method, "prompts/get")) return lookAtNamed("prompt", "prompts", name);
  if (is(method, "resources/read") || is(method, "resources/subscribe")) return lookAtUri(name);
  if (is(method, "subscriptions/listen")) return lookAtSubscribed();
  if (is(method, "completion/complete")) {
    return (
      lookAtNamed("prompt", "prompts", name) &&
      lookAtNamed("resource-template", "resourceTemplates", name) &&
      lookAtUri(name)
    );
  }
  return true;
}

function lookAtSubscribed(): bool {
  const params = paramsOf();
  if (params == ABSENT) return false;
  const uris = member(member(params, "notifications"), "resourceSubscriptions");
  if (!isArray(uris)) return true;
  const items = new Entries(uris);
  while (items.next()) if (isString(items.value) && !lookAtUri(stringOf(items.value))) return false;
  return true;
}

/** A resource of that URI, else the templates that it may be read by. */
function lookAtUri(uri: Text): bool {
  if (isRestricted("resources", uri)) return lookAtNamed("resource", "resources", uri);
  const templates = member(restricted, "resourceTemplates");
  if (templates == ABSENT || entryOf(ascii("resource"), uri) != ABSENT) return true;
  matchTemplates(uri, templates);
  const other = expanded;
  return (
    (routed == ABSENT || lookAtNamed("resource-template", "resourceTemplates", routed)) &&
    (other == ABSENT || lookAtNamed("resource-template", "resourceTemplates", other))
  );
}

/** Adds what is needed for one thing, where anything is; false where that cannot be read. */
function lookAtNamed(kind: string, list: string, name: Text): bool {
  if (!isRestricted(list, name)) return true;
  const entry = parse(entryOf(ascii(kind), name));
  const scopes = member(entry, "scopes");
  const rule = member(entry, "rule");
  if (!isObject(entry) || (scopes != ABSENT && !areStrings(scopes))) return false;
  const each = new Entries(scopes);
  while (each.next()) needed.addSorted(each.value);
  if (rule != ABSENT) rules.add(rule);
  return true;
}

function isRestricted(list: string, name: Text): bool {
  const names = new Entries(member(restricted, list));
  while (names.next()) if (isSame(stringOf(names.value), name)) return true;
  return false;
}

const METHODS: StaticArray<string> = [
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
];
const KINDS: StaticArray<string> = ["tool", "prompt", "resource", "resource-template"];
/** Members of the results, and of what is restricted. */
const LISTS: StaticArray<string> = ["tools", "prompts", "resources", "resourceTemplates"];
/** What identifies an entry. */
const KEYS: StaticArray<string> = ["name", "name", "uri", "uriTemplate"];
const RESOURCES: i32 = 2;

/** The kind of list that the request in flight asks for, where some of it is not for everyone; -1 otherwise. */
export function restrictedList(): i32 {
  for (let i = 0; i < METHODS.length; i++) {
    if (!is(handler.method, METHODS[i])) continue;
    // What a dynamic provider lists may be read by a template.
    const isByTemplate = i == RESOURCES && member(restricted, "resourceTemplates") != ABSENT;
    return isByTemplate || member(restricted, LISTS[i]) != ABSENT ? i : -1;
  }
  return -1;
}

/**
 * The result of a list with what the principal may use; `ABSENT` where it cannot be read. A page may become shorter; its cursors stay.
 *
 * @param kind As `restrictedList` gives it.
 */
export function visibleOf(text: Text, kind: i32, principal: Text): Text {
  const result = parse(text);
  const entries = member(result, LISTS[kind]);
  if (!isArray(entries)) return ABSENT;
  let areReadable = true;
  let isAnyHidden = false;
  let count = 0;
  save();
  begin();
  putAscii("[");
  const each = new Entries(entries);
  while (each.next()) {
    const before = taken();
    const access = accessToListed(kind, stringOf(member(each.value, KEYS[kind])), principal);
    giveBackTo(before);
    areReadable = access != UNREADABLE;
    if (!areReadable) break;
    if (access != ALLOWED) {
      isAnyHidden = true;
      continue;
    }
    if (count++ > 0) putAscii(",");
    put(each.value);
  }
  putAscii("]");
  const visible = written();
  restore();
  if (!areReadable) return ABSENT;
  return isAnyHidden ? withMember(result, LISTS[kind], visible) : text;
}

/** @param name `ABSENT` for an entry without, which nobody may use. */
function accessToListed(kind: i32, name: Text, principal: Text): Access {
  if (name == ABSENT) return AGAINST_RULE;
  lookAnew();
  const isRead = kind == RESOURCES ? lookAtUri(name) : lookAtNamed(KINDS[kind], LISTS[kind], name);
  return isRead ? decide(principal, false) : UNREADABLE;
}
