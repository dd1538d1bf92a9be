import type { StaticMemory } from "../core-text.ts";

const NO_DIGIT = 0xff;

/**
 * `$bytes-of` puts the bytes that hexadecimal text says in the text's own place and gives their number, and traps on any
 * other text; `$hex-of` writes bytes as hexadecimal text, in lower case.
 */
export function hexText(memory: StaticMemory): string {
  const digits = memory.text("0123456789abcdef").at;
  const values = Array.from({ length: 256 }, (_, code) => {
    const character = String.fromCharCode(code);
    return /^[0-9a-f]$/.test(character) ? parseInt(character, 16) : NO_DIGIT;
  });
  const table = memory.words(
    Array.from({ length: values.length / 4 }, (_, i) =>
      [0, 1, 2, 3].reduce((word, byte) => word | (values[4 * i + byte]! << (8 * byte)), 0),
    ),
  );
  const digit = (offset: number): string =>
    `(i32.load8_u offset=${table} (i32.load8_u offset=${offset} (local.get $from)))`;
  const put = (offset: number, value: string): string =>
    `(i32.store8 offset=${offset} (local.get $to) (i32.load8_u offset=${digits} ${value}))`;
  return `
  (func $bytes-of (param $at i32) (param $length i32) (result i32)
    (local $from i32) (local $to i32) (local $end i32) (local $high i32) (local $low i32)
    (local.set $from (local.get $at))
    (local.set $to (local.get $at))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (if (i32.and (local.get $length) (i32.const 1)) (then unreachable))
    (block $done (loop $next
      (br_if $done (i32.eq (local.get $from) (local.get $end)))
      (local.set $high ${digit(0)})
      (local.set $low ${digit(1)})
      (if (i32.gt_u (i32.or (local.get $high) (local.get $low)) (i32.const 15)) (then unreachable))
      (i32.store8 (local.get $to) (i32.or (i32.shl (local.get $high) (i32.const 4)) (local.get $low)))
      (local.set $from (i32.add (local.get $from) (i32.const 2)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br $next)))
    (i32.shr_u (local.get $length) (i32.const 1)))

  (func $hex-of (param $to i32) (param $from i32) (param $length i32) (local $end i32) (local $byte i32)
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (loop $next
      (local.set $byte (i32.load8_u (local.get $from)))
      ${put(0, "(i32.shr_u (local.get $byte) (i32.const 4))")}
      ${put(1, "(i32.and (local.get $byte) (i32.const 15))")}
      (local.set $to (i32.add (local.get $to) (i32.const 2)))
      (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $end)))))`;
}
