import type { HttpGrant, SecretGrant } from "../manifest/index.ts";
import { SECRETS } from "./contract.ts";
import { flatField, type GateText } from "./gate-text.ts";

const DEFAULT_METHODS = ["GET", "HEAD"];

// Longest texts that a denial repeats, in bytes.
const MAX_METHOD = 32;
const MAX_ORIGIN = 320;
const MAX_PATH = 256;

/** Adds the functions of `tenon:host/http` to a gate. */
export function addHttpRules(
  gate: GateText,
  grants: readonly HttpGrant[],
  secrets: readonly Required<SecretGrant>[],
): void {
  gate.function(coversText(gate, grants));
  gate.function(SHAPE);
  gate.function(UNDER);
  if (secrets.length > 0) gate.function(signText(gate, secrets));
  for (const name of ["send", "start"]) {
    gate.exportChecked(name, ([request]) => {
      const at = (field: string): number => flatField(request, field);
      const text = (field: string): string => `(local.get ${at(field)}) (local.get ${at(field) + 1})`;
      const asked = `${text("method")} ${text("origin")} ${text("path-with-query")}`;
      const judged = {
        covered: `(call $covers ${asked})`,
        say: `(call $deny ${asked})`,
        request: `(call $note-request ${asked})`,
      };
      if (secrets.length === 0) return judged;
      const headers = at("headers");
      return {
        ...judged,
        further: `(if (i32.eqz (call $sign ${text("origin")} ${text("headers")}))
        (then (global.set $refused (i32.const 1)) (br $denied)))`,
        changed: new Map([
          [headers, "(global.get $headers)"],
          [headers + 1, "(global.get $header-count)"],
        ]),
      };
    });
  }
  gate.pass("wait-any");
  gate.pass("cancel");
}

/**
 * `$covers`: true when some grant has the origin, the method and the path. `$deny`: says what no grant covers;
 * `$note-request`: says the request to the log. Both leave out the query, which may hold what nobody else should see.
 */
function coversText(gate: GateText, grants: readonly HttpGrant[]): string {
  const { memory } = gate;
  const rows = grants.flatMap(({ origin, methods = DEFAULT_METHODS, paths = [] }) => {
    const { at, length } = memory.text(origin);
    const prefixes = paths.flatMap((path) => {
      const text = memory.text(path);
      return [text.at, text.length];
    });
    return [
      at,
      length,
      memory.words(gate.rows(methods)),
      methods.length,
      memory.words(prefixes),
      paths.length,
    ];
  });
  const asked =
    "(param $method i32) (param $method-length i32) (param $origin i32) (param $origin-length i32) (param $path i32) (param $path-length i32)";
  return `
  (func $covers ${asked} (result i32) (local $row i32) (local $rows i32)
    (local.set $path-length (call $shape (local.get $path) (local.get $path-length)))
    (if (i32.eqz (local.get $path-length)) (then (return (i32.const 0))))
    (local.set $row (i32.const ${memory.words(rows)}))
    (local.set $rows (i32.const ${grants.length}))
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const 0))))
      (if (i32.eq (i32.load offset=4 (local.get $row)) (local.get $origin-length))
        (then (if (call $equal (i32.load (local.get $row)) (local.get $origin) (local.get $origin-length))
          (then (if (call $find (i32.load offset=8 (local.get $row)) (i32.load offset=12 (local.get $row)) (local.get $method) (local.get $method-length))
            (then (if (call $under (i32.load offset=16 (local.get $row)) (i32.load offset=20 (local.get $row)) (local.get $path) (local.get $path-length))
              (then (return (i32.const 1))))))))))
      (local.set $row (i32.add (local.get $row) (i32.const 24)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)
  (func $deny ${asked}
    (call $begin)
    ${gate.say("no grant covers ")}
    (call $say (local.get $method) (local.get $method-length) (i32.const ${MAX_METHOD}))
    ${gate.say(" ")}
    (call $say (local.get $origin) (local.get $origin-length) (i32.const ${MAX_ORIGIN}))
    (call $say (local.get $path) (call $before-query (local.get $path) (local.get $path-length)) (i32.const ${MAX_PATH})))
  (func $note-request ${asked}
    (call $note (local.get $method) (local.get $method-length) (i32.const ${MAX_METHOD}))
    ${gate.note(" ")}
    (call $note (local.get $origin) (local.get $origin-length) (i32.const ${MAX_ORIGIN}))
    (call $note (local.get $path) (call $before-query (local.get $path) (local.get $path-length)) (i32.const ${MAX_PATH})))`;
}

/**
 * `$sign`: adds the header fields that carry secrets to requests for their origin. False, with the reason said, when a
 * secret is missing, or when the part wrote such a field itself.
 */
function signText(gate: GateText, secrets: readonly Required<SecretGrant>[]): string {
  const { memory } = gate;
  gate.import("secret", SECRETS, "get");
  const answer = memory.reserve(16); // result<string, error>: both payloads are texts behind a discriminant
  const rows = secrets.flatMap(({ name, header, origin }) =>
    [origin, header, name].flatMap((text) => {
      const { at, length } = memory.text(text);
      return [at, length];
    }),
  );
  return `
  (global $headers (mut i32) (i32.const 0))
  (global $header-count (mut i32) (i32.const 0))
  (func $sign (param $origin i32) (param $origin-length i32) (param $headers i32) (param $count i32) (result i32)
    (local $row i32) (local $rows i32) (local $i i32) (local $at i32) (local $new i32)
    (global.set $headers (local.get $headers))
    (global.set $header-count (local.get $count))
    (local.set $row (i32.const ${memory.words(rows)}))
    (local.set $rows (i32.const ${secrets.length}))
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const 1))))
      (block $elsewhere
        (br_if $elsewhere (i32.ne ${word(4)} (local.get $origin-length)))
        (br_if $elsewhere (i32.eqz (call $equal ${word(0)} (local.get $origin) (local.get $origin-length))))
        (local.set $i (i32.const 0))
        (loop $each
          (if (i32.lt_u (local.get $i) (local.get $count)) (then
            (local.set $at (i32.add (local.get $headers) (i32.mul (local.get $i) (i32.const 16))))
            (if (call $same-field ${word(8)} ${word(12)} (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))
              (then
                (call $begin)
                ${gate.say('the header field "')}
                (call $say ${word(8)} ${word(12)} ${word(12)})
                ${gate.say('" is a granted secret and is not set by the component')}
                (return (i32.const 0))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $each))))
        (call $secret ${word(16)} ${word(20)} (i32.const ${answer}))
        (if (i32.load8_u (i32.const ${answer})) (then
          (call $begin)
          ${gate.say('the host has no value for the secret "')}
          (call $say ${word(16)} ${word(20)} ${word(20)})
          ${gate.say('"')}
          (return (i32.const 0))))
        (local.set $new (call $allocate (i32.const 0) (i32.const 0) (i32.const 4)
          (i32.mul (i32.add (global.get $header-count) (i32.const 1)) (i32.const 16))))
        (memory.copy (local.get $new) (global.get $headers) (i32.mul (global.get $header-count) (i32.const 16)))
        (local.set $at (i32.add (local.get $new) (i32.mul (global.get $header-count) (i32.const 16))))
        (i32.store (local.get $at) ${word(8)})
        (i32.store offset=4 (local.get $at) ${word(12)})
        (i32.store offset=8 (local.get $at) (i32.load offset=4 (i32.const ${answer})))
        (i32.store offset=12 (local.get $at) (i32.load offset=8 (i32.const ${answer})))
        (global.set $headers (local.get $new))
        (global.set $header-count (i32.add (global.get $header-count) (i32.const 1))))
      (local.set $row (i32.add (local.get $row) (i32.const 24)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)
  ${SAME_FIELD}`;
}

/** A word of the row at hand. */
function word(offset: number): string {
  return `(i32.load offset=${offset} (local.get $row))`;
}

/** Names of header fields, the first in lower case; hosts read them in any case. */
const SAME_FIELD = `
  (func $same-field (param $a i32) (param $a-length i32) (param $b i32) (param $b-length i32) (result i32) (local $c i32)
    (if (i32.ne (local.get $a-length) (local.get $b-length)) (then (return (i32.const 0))))
    (loop $next
      (if (i32.eqz (local.get $a-length)) (then (return (i32.const 1))))
      (local.set $c (i32.load8_u (local.get $b)))
      (if (i32.lt_u (i32.sub (local.get $c) (i32.const 0x41)) (i32.const 26))
        (then (local.set $c (i32.add (local.get $c) (i32.const 0x20)))))
      (if (i32.ne (i32.load8_u (local.get $a)) (local.get $c)) (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (local.set $a-length (i32.sub (local.get $a-length) (i32.const 1)))
      (br $next))
    unreachable)`;

/**
 * `$shape`: the length of the path in a path with query, or 0 when there is none that every server reads alike: it does
 * not start with a slash, has a backslash, a fragment or a character that is not printable ASCII, or a segment of one or
 * two dots, however they are written. `$ambiguous` is left true when the path has an encoded dot, slash or backslash,
 * which some servers decode before they look at the path.
 */
const SHAPE = `
  (global $ambiguous (mut i32) (i32.const 0))
  (func $before-query (param $path i32) (param $length i32) (result i32) (local $i i32)
    (loop $next
      (if (i32.ge_u (local.get $i) (local.get $length)) (then (return (local.get $length))))
      (if (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $i))) (i32.const 0x3f)) (then (return (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))
    unreachable)
  ;; the character at a place, with an encoded dot, slash or backslash decoded and noted; $step is how long it is
  (global $step (mut i32) (i32.const 0))
  (func $character (param $at i32) (param $left i32) (result i32) (local $c i32) (local $code i32)
    (global.set $step (i32.const 1))
    (local.set $c (i32.load8_u (local.get $at)))
    (if (i32.or (i32.ne (local.get $c) (i32.const 0x25)) (i32.lt_u (local.get $left) (i32.const 3))) (then (return (local.get $c))))
    ;; two digits as they stand, with the second in lower case
    (local.set $code (i32.or
      (i32.shl (i32.load8_u offset=1 (local.get $at)) (i32.const 8))
      (i32.or (i32.load8_u offset=2 (local.get $at)) (i32.const 0x20))))
    (if (i32.eq (local.get $code) (i32.const 0x3265)) (then (local.set $c (i32.const 0x2e))))
    (if (i32.eq (local.get $code) (i32.const 0x3266)) (then (local.set $c (i32.const 0x2f))))
    (if (i32.eq (local.get $code) (i32.const 0x3563)) (then (local.set $c (i32.const 0x5c))))
    (if (i32.ne (local.get $c) (i32.const 0x25)) (then
      (global.set $ambiguous (i32.const 1))
      (global.set $step (i32.const 3))))
    (local.get $c))
  (func $shape (param $path i32) (param $length i32) (result i32)
    (local $end i32) (local $i i32) (local $c i32) (local $dots i32)
    (global.set $ambiguous (i32.const 0))
    (if (i32.eqz (local.get $length)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (local.get $path)) (i32.const 0x2f)) (then (return (i32.const 0))))
    (loop $next
      (local.set $c (i32.load8_u (i32.add (local.get $path) (local.get $i))))
      (if (i32.gt_u (i32.sub (local.get $c) (i32.const 0x21)) (i32.const 0x5d)) (then (return (i32.const 0))))
      (if (i32.eq (local.get $c) (i32.const 0x23)) (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
    (local.set $end (call $before-query (local.get $path) (local.get $length)))
    ;; $dots counts the dots of a segment that has nothing else, and is over 2 for any other
    (local.set $i (i32.const 0))
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $end)) (then
        (if (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $i))) (i32.const 0x5c)) (then (return (i32.const 0))))
        (local.set $c (call $character (i32.add (local.get $path) (local.get $i)) (i32.sub (local.get $end) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (global.get $step)))
        (if (i32.eq (local.get $c) (i32.const 0x2e))
          (then (local.set $dots (i32.add (local.get $dots) (i32.const 1))))
          (else
            ;; a slash, a backslash and what some servers cut off behind a semicolon end a segment
            (if (i32.or (i32.eq (local.get $c) (i32.const 0x3b))
                  (i32.or (i32.eq (local.get $c) (i32.const 0x2f)) (i32.eq (local.get $c) (i32.const 0x5c))))
              (then
                (if (i32.lt_u (i32.sub (local.get $dots) (i32.const 1)) (i32.const 2)) (then (return (i32.const 0))))
                (local.set $dots (select (i32.const 3) (i32.const 0) (i32.eq (local.get $c) (i32.const 0x3b)))))
              (else (local.set $dots (i32.const 3))))))
        (br $next))))
    (if (i32.lt_u (i32.sub (local.get $dots) (i32.const 1)) (i32.const 2)) (then (return (i32.const 0))))
    (local.get $end))`;

/** `$under`: true when a path is at one of the prefixes or below it, or there are none. Half a segment is not a prefix. */
const UNDER = `
  (func $under (param $row i32) (param $rows i32) (param $path i32) (param $length i32) (result i32) (local $prefix i32)
    (if (i32.eqz (local.get $rows)) (then (return (i32.const 1))))
    (if (global.get $ambiguous) (then (return (i32.const 0))))
    (loop $next
      (if (i32.eqz (local.get $rows)) (then (return (i32.const 0))))
      (local.set $prefix (i32.load offset=4 (local.get $row)))
      (block $other
        (br_if $other (i32.gt_u (local.get $prefix) (local.get $length)))
        (br_if $other (i32.eqz (call $equal (i32.load (local.get $row)) (local.get $path) (local.get $prefix))))
        (if (i32.eq (local.get $prefix) (local.get $length)) (then (return (i32.const 1))))
        (if (i32.eq (i32.load8_u (i32.sub (i32.add (i32.load (local.get $row)) (local.get $prefix)) (i32.const 1))) (i32.const 0x2f))
          (then (return (i32.const 1))))
        (if (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $prefix))) (i32.const 0x2f)) (then (return (i32.const 1)))))
      (local.set $row (i32.add (local.get $row) (i32.const 8)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br $next))
    unreachable)`;
