;; Part of instance-kv.wat: numbers and versions as text.

  (func $hexadecimal (param $at i32) (param $value i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.const 16)))
    (loop $next
      (i32.store8 (local.get $at) (i32.load8_u offset=912 (i32.wrap_i64 (i64.shr_u (local.get $value) (i64.const 60)))))
      (local.set $value (i64.shl (local.get $value) (i64.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ne (local.get $at) (local.get $end)))))

  ;; Writes the version of an entry as 33 bytes at 48.
  (func $version-of (param $entry i32)
    (if (i64.eqz (global.get $epoch)) (then (global.set $epoch (call $get-random-u64))))
    (call $hexadecimal (i32.const 48) (global.get $epoch))
    (i32.store8 (i32.const 64) (i32.const 45))
    (call $hexadecimal (i32.const 65) (i64.load offset=16 (local.get $entry))))

  ;; The number of a text; beyond ±(2^53 − 1) when it is none.
  (func $number (param $at i32) (param $length i32) (result i64)
    (local $end i32) (local $is-negative i32) (local $digit i32) (local $value i64)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (if (i32.and (i32.gt_u (local.get $length) (i32.const 1)) (i32.eq (i32.load8_u (local.get $at)) (i32.const 45)))
      (then
        (local.set $is-negative (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))))
    (block $none
      (br_if $none (i32.gt_u (i32.sub (local.get $length) (i32.const 1)) (i32.const 15)))
      ;; A leading 0 is the whole number.
      (br_if $none
        (i32.and
          (i32.eq (i32.load8_u (local.get $at)) (i32.const 48))
          (i32.or (local.get $is-negative) (i32.gt_u (local.get $length) (i32.const 1)))))
      (loop $next
        (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
        (br_if $none (i32.gt_u (local.get $digit) (i32.const 9)))
        (local.set $value (i64.add (i64.mul (local.get $value) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.ne (local.get $at) (local.get $end))))
      (return (select (i64.sub (i64.const 0) (local.get $value)) (local.get $value) (local.get $is-negative))))
    (i64.const 0x7fffffffffffffff))

  (func $is-safe (param $value i64) (result i32)
    (i64.le_u (i64.add (local.get $value) (i64.const 9007199254740991)) (i64.const 18014398509481982)))

  ;; Writes a number as text that ends at 120, and gives where it starts.
  (func $text-of (param $value i64) (result i32)
    (local $at i32) (local $left i64)
    (local.set $at (i32.const 120))
    (local.set $left
      (select (i64.sub (i64.const 0) (local.get $value)) (local.get $value) (i64.lt_s (local.get $value) (i64.const 0))))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 10)))))
      (local.set $left (i64.div_u (local.get $left) (i64.const 10)))
      (br_if $next (i32.eqz (i64.eqz (local.get $left)))))
    (if (i64.lt_s (local.get $value) (i64.const 0))
      (then
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at) (i32.const 45))))
    (local.get $at))
