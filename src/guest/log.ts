import { write } from "tenon:host/log@0.1.0";
import type { WriteLog } from "../sdk/log.ts";

const MAX_MESSAGE = 8 * 1024;
const MAX_FIELDS = 16 * 1024;
const MAX_EARLY_LINES = 20;

const LONE_SURROGATE = /[\ud800-\udfff]/gu;

let serving = false;
const early: string[] = [];

/** Says that host functions may be called from now on. They may not while the build loads the module. */
export function startServing(): void {
  serving = true;
}

/**
 * Refuses what only works during a call.
 *
 * @throws Error while the build loads the module.
 */
export function requireServing(what: string): void {
  if (!serving) throw new Error(`${what} cannot be called while the module is loaded`);
}

/** What was logged while the module was loaded, for the build to show; at most 20 lines. */
export function earlyLines(): readonly string[] {
  return early;
}

/** Writes a line to the host's log, cut at 8 Ki characters and 16 Ki of fields. Never throws. */
export const writeLog: WriteLog = (level, message, fields) => {
  try {
    const text = cut(typeof message === "string" ? message : String(message), MAX_MESSAGE);
    if (serving)
      write({ level, message: text, fields: fields === undefined ? undefined : fieldsJson(fields) });
    else if (early.length < MAX_EARLY_LINES) early.push(text);
  } catch {
    // A line that cannot be written must not fail the call it tells of.
  }
};

function fieldsJson(fields: Readonly<Record<string, unknown>>): string {
  let json: string;
  try {
    json = JSON.stringify(fields);
  } catch {
    return '{"fields":"not JSON"}';
  }
  if (json.length <= MAX_FIELDS) return json;
  const share = Math.floor(MAX_FIELDS / (2 * Object.keys(fields).length));
  const cutFields = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? cut(value, share) : typeof value === "object" ? "…" : value,
  ]);
  const shorter = JSON.stringify(Object.fromEntries(cutFields));
  return shorter.length <= MAX_FIELDS ? shorter : '{"fields":"too large"}';
}

/** Text for the host: well-formed UTF-16 of limited length. */
function cut(text: string, length: number): string {
  return (text.length > length ? `${text.slice(0, length)}…` : text).replaceAll(LONE_SURROGATE, "\ufffd");
}
