/// <reference lib="es2024.string" />

import { write } from "tenon:host/log@0.1.0";
import { partInFlight } from "./call-in-flight.ts";
import { isServing } from "./serving.ts";
import type { WriteLog } from "../sdk/log.ts";

const MAX_MESSAGE = 8 * 1024;
const MAX_FIELDS = 16 * 1024;
const MAX_EARLY_LINES = 20;

const early: string[] = [];

/** What was logged while the module was loaded, for the build to show; at most 20 lines. */
export function earlyLines(): readonly string[] {
  return early;
}

/** Writes a line to the host's log, cut at 8 Ki characters and 16 Ki of fields. Never throws. */
export const writeLog: WriteLog = (level, message, fields) => {
  try {
    const text = cut(typeof message === "string" ? message : String(message), MAX_MESSAGE);
    if (isServing()) {
      const json = fields === undefined ? undefined : fieldsJson(fields);
      write({ level, source: partInFlight(), message: text, fields: json });
    } else if (early.length < MAX_EARLY_LINES) early.push(text);
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
  return (text.length > length ? `${text.slice(0, length)}…` : text).toWellFormed();
}
