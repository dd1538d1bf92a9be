import type { Json } from "../../manifest/index.ts";
import type { MemberChange } from "./difference.ts";

type JsonObject = { [key: string]: Json };

/**
 * The values at which two JSON values differ, in the order of the new one. Elements of lists are compared by place; objects
 * with the same members in another order differ in that, since models read them in it.
 *
 * @param at Where both are.
 */
export function diffJson(before: Json | undefined, after: Json | undefined, at = ""): MemberChange[] {
  if (isObject(before) && isObject(after)) return diffObjects(before, after, at);
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => diffJson(before[i], after[i], `${at}[${i}]`)).flat();
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ at, ...(before !== undefined && { old: before }), ...(after !== undefined && { new: after }) }];
}

function diffObjects(before: JsonObject, after: JsonObject, at: string): MemberChange[] {
  const [names, others] = [Object.keys(after), Object.keys(before)];
  const kept = names.filter((name) => Object.hasOwn(before, name));
  const keptBefore = others.filter((name) => Object.hasOwn(after, name));
  const removed = others.filter((name) => !Object.hasOwn(after, name));
  const isMoved = kept.some((name, i) => name !== keptBefore[i]);
  return [
    ...(isMoved ? [{ at: `${at} (order)`.trimStart(), old: keptBefore, new: kept }] : []),
    ...[...names, ...removed].flatMap((name) =>
      diffJson(ownOf(before, name), ownOf(after, name), pathTo(at, name)),
    ),
  ];
}

function ownOf(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function pathTo(at: string, name: string): string {
  if (!/^[\w$-]+$/.test(name)) return `${at}[${JSON.stringify(name)}]`;
  return at === "" ? name : `${at}.${name}`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
