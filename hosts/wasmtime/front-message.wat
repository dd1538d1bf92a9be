;; Part of front.wat: which contents are recognised. Strings are printable ASCII without escapes, numbers are whole and have no
;; sign; all else of JSON, and every message that is not just a request, is left to the adapter.

  ;; The place in the content, its end, and the string that was read last.
  (global $at (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $text (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  ;; End of the keys of open objects, 8 bytes each.
  (global $keys (mut i32) (i32.const 1024))
  ;; The id as it was written, the method, and whether the message describes itself as messages since 2026-07-28 do.
  (global $id (mut i32) (i32.const 0))
  (global $id-length (mut i32) (i32.const 0))
  (global $called (mut i32) (i32.const 0))
  (global $called-length (mut i32) (i32.const 0))
  (global $modern (mut i32) (i32.const 0))

  ;; A function that reads something is true where it was there, and moves behind it.

  (func $space
    (local $c i32)
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (global.get $at) (global.get $end)))
        (local.set $c (i32.load8_u (global.get $at)))
        (if (i32.eqz (i32.or
              (i32.eq (local.get $c) (i32.const 32))
              (i32.or (i32.eq (local.get $c) (i32.const 10))
                (i32.or (i32.eq (local.get $c) (i32.const 13)) (i32.eq (local.get $c) (i32.const 9))))))
          (then (return)))
        (global.set $at (i32.add (global.get $at) (i32.const 1)))
        (br $next))))

  ;; White space, one character, white space.
  (func $sign (param $c i32) (result i32)
    (call $space)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (global.get $at)) (local.get $c)) (then (return (i32.const 0))))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (call $space)
    (i32.const 1))

  (func $word (param $from i32) (param $length i32) (result i32)
    (if (i32.gt_u (local.get $length) (i32.sub (global.get $end) (global.get $at))) (then (return (i32.const 0))))
    (if (i32.eqz (call $equal (global.get $at) (local.get $length) (local.get $from) (local.get $length)))
      (then (return (i32.const 0))))
    (global.set $at (i32.add (global.get $at) (local.get $length)))
    (i32.const 1))

  ;; A string of printable ASCII without escapes.
  (func $string (result i32)
    (local $c i32)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (global.get $at)) (i32.const 34)) (then (return (i32.const 0))))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (global.set $text (global.get $at))
    (loop $next
      (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
      (local.set $c (i32.load8_u (global.get $at)))
      (if (i32.ne (local.get $c) (i32.const 34))
        (then
          (if (i32.or
                (i32.gt_u (i32.sub (local.get $c) (i32.const 32)) (i32.const 94))
                (i32.eq (local.get $c) (i32.const 92)))
            (then (return (i32.const 0))))
          (global.set $at (i32.add (global.get $at) (i32.const 1)))
          (br $next))))
    (global.set $length (i32.sub (global.get $at) (global.get $text)))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (i32.const 1))

  ;; A whole number of at most 15 digits, without a sign.
  (func $number (result i32)
    (local $from i32) (local $digits i32)
    (local.set $from (global.get $at))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (global.get $at) (global.get $end)))
        (br_if $end (i32.gt_u (i32.sub (i32.load8_u (global.get $at)) (i32.const 48)) (i32.const 9)))
        (global.set $at (i32.add (global.get $at) (i32.const 1)))
        (br $next)))
    (local.set $digits (i32.sub (global.get $at) (local.get $from)))
    (if (i32.gt_u (i32.sub (local.get $digits) (i32.const 1)) (i32.const 14)) (then (return (i32.const 0))))
    (i32.or
      (i32.eq (local.get $digits) (i32.const 1))
      (i32.ne (i32.load8_u (local.get $from)) (i32.const 48))))

  ;; A key and its colon, unlike those since $first, among which it then is.
  (func $key (param $first i32) (result i32)
    (if (i32.eqz (call $string)) (then (return (i32.const 0))))
    (if (call $equal (global.get $text) (global.get $length) (i32.const 304) (i32.const 9)) (then (return (i32.const 0))))
    (block $new
      (loop $next
        (br_if $new (i32.ge_u (local.get $first) (global.get $keys)))
        (if (call $equal (global.get $text) (global.get $length)
              (i32.load (local.get $first)) (i32.load offset=4 (local.get $first)))
          (then (return (i32.const 0))))
        (local.set $first (i32.add (local.get $first) (i32.const 8)))
        (br $next)))
    (if (i32.gt_u (global.get $keys) (i32.const 4088)) (then (return (i32.const 0))))
    (i32.store (global.get $keys) (global.get $text))
    (i32.store offset=4 (global.get $keys) (global.get $length))
    (global.set $keys (i32.add (global.get $keys) (i32.const 8)))
    (call $sign (i32.const 58)))

  ;; Any value that is made of objects, arrays, and the strings and numbers above, to a depth.
  (func $value (param $depth i32) (result i32)
    (local $c i32) (local $keys i32)
    (if (i32.eqz (local.get $depth)) (then (return (i32.const 0))))
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (local.set $c (i32.load8_u (global.get $at)))
    (if (i32.eq (local.get $c) (i32.const 34)) (then (return (call $string))))
    (if (i32.eq (local.get $c) (i32.const 116)) (then (return (call $word (i32.const 512) (i32.const 4)))))
    (if (i32.eq (local.get $c) (i32.const 102)) (then (return (call $word (i32.const 516) (i32.const 5)))))
    (if (i32.eq (local.get $c) (i32.const 110)) (then (return (call $word (i32.const 524) (i32.const 4)))))
    (if (i32.eq (local.get $c) (i32.const 91))
      (then
        (drop (call $sign (i32.const 91)))
        (if (call $sign (i32.const 93)) (then (return (i32.const 1))))
        (loop $next
          (if (i32.eqz (call $value (i32.sub (local.get $depth) (i32.const 1)))) (then (return (i32.const 0))))
          (br_if $next (call $sign (i32.const 44))))
        (return (call $sign (i32.const 93)))))
    (if (i32.eq (local.get $c) (i32.const 123))
      (then
        (drop (call $sign (i32.const 123)))
        (if (call $sign (i32.const 125)) (then (return (i32.const 1))))
        (local.set $keys (global.get $keys))
        (loop $next
          (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
          (if (i32.eqz (call $value (i32.sub (local.get $depth) (i32.const 1)))) (then (return (i32.const 0))))
          (br_if $next (call $sign (i32.const 44))))
        (global.set $keys (local.get $keys))
        (return (call $sign (i32.const 125)))))
    (call $number))

  (func $object (result i32)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (global.get $at)) (i32.const 123)) (then (return (i32.const 0))))
    (call $value (i32.const 16)))

  ;; {} or {"_meta": …} of a message since 2026-07-28, which says what it is.
  (func $params (result i32)
    (local $keys i32) (local $seen i32)
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (if (call $sign (i32.const 125)) (then (return (i32.const 1))))
    (if (i32.eqz (call $string)) (then (return (i32.const 0))))
    (if (i32.eqz (call $equal (global.get $text) (global.get $length) (i32.const 296) (i32.const 5)))
      (then (return (i32.const 0))))
    (if (i32.eqz (call $sign (i32.const 58))) (then (return (i32.const 0))))
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (local.set $keys (global.get $keys))
    (loop $next
      (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
      (block $read
        (if (call $equal (global.get $text) (global.get $length) (i32.const 464) (i32.const 32))
          (then (return (i32.const 0))))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 320) (i32.const 39))
          (then
            (if (i32.eqz (call $string)) (then (return (i32.const 0))))
            (if (i32.eqz (call $equal (global.get $text) (global.get $length) (global.get $version) (global.get $version-length)))
              (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 1)))
            (br $read)))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 368) (i32.const 42))
          (then
            (if (i32.eqz (call $object)) (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 2)))
            (br $read)))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 416) (i32.const 34))
          (then
            (if (i32.eqz (call $object)) (then (return (i32.const 0))))
            (br $read)))
        (if (i32.eqz (call $value (i32.const 16))) (then (return (i32.const 0)))))
      (br_if $next (call $sign (i32.const 44))))
    (global.set $keys (local.get $keys))
    (if (i32.eqz (call $sign (i32.const 125))) (then (return (i32.const 0))))
    (global.set $modern (i32.const 1))
    (if (i32.ne (local.get $seen) (i32.const 3)) (then (return (i32.const 0))))
    (call $sign (i32.const 125)))

  ;; A whole message: a request with an id, a method, and no parameters but those above.
  (func $message (param $from i32) (param $length i32) (result i32)
    (local $c i32) (local $seen i32) (local $start i32) (local $keys i32)
    (if (i32.gt_u (local.get $length) (i32.const 8192)) (then (return (i32.const 0))))
    (global.set $at (local.get $from))
    (global.set $end (i32.add (local.get $from) (local.get $length)))
    (global.set $keys (i32.const 1024))
    (global.set $modern (i32.const 0))
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (local.set $keys (global.get $keys))
    (loop $next
      (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
      (block $read
        (if (call $equal (global.get $text) (global.get $length) (i32.const 264) (i32.const 7))
          (then
            (if (i32.eqz (call $string)) (then (return (i32.const 0))))
            (if (i32.eqz (call $equal (global.get $text) (global.get $length) (i32.const 292) (i32.const 3)))
              (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 1)))
            (br $read)))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 272) (i32.const 2))
          (then
            (local.set $start (global.get $at))
            (if (i32.eqz (call $string))
              (then
                (global.set $at (local.get $start))
                (if (i32.eqz (call $number)) (then (return (i32.const 0))))))
            (global.set $id (local.get $start))
            (global.set $id-length (i32.sub (global.get $at) (local.get $start)))
            (if (i32.gt_u (global.get $id-length) (i32.const 256)) (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 2)))
            (br $read)))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 276) (i32.const 6))
          (then
            (if (i32.eqz (call $string)) (then (return (i32.const 0))))
            (global.set $called (global.get $text))
            (global.set $called-length (global.get $length))
            (local.set $seen (i32.or (local.get $seen) (i32.const 4)))
            (br $read)))
        (if (call $equal (global.get $text) (global.get $length) (i32.const 284) (i32.const 6))
          (then
            (if (i32.eqz (call $params)) (then (return (i32.const 0))))
            (br $read)))
        (return (i32.const 0)))
      (br_if $next (call $sign (i32.const 44))))
    (if (i32.ne (local.get $seen) (i32.const 7)) (then (return (i32.const 0))))
    (if (i32.eqz (call $sign (i32.const 125))) (then (return (i32.const 0))))
    (i32.eq (global.get $at) (global.get $end)))
