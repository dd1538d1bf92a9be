;; Part of front.wat: JSON, read in place and as strictly as src/protocol does. What is valid and not read here (keys with escapes,
;; deeper nesting, more values) is left to the adapter. The text must be UTF-8.

  ;; The place in the text, its end, and the string that was read last.
  (global $at (mut i32) (i32.const 0))
  (global $end (mut i32) (i32.const 0))
  (global $text (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  ;; Of that string: bit 0 where it has escapes, bit 1 where it has more than printable ASCII.
  (global $odd (mut i32) (i32.const 0))
  ;; Of the number that was read last: whether it is whole, has at most 15 digits and no sign.
  (global $whole (mut i32) (i32.const 0))
  ;; End of the keys of open objects, 8 bytes each, from 1,024 to 8,192.
  (global $keys (mut i32) (i32.const 1024))
  ;; Keys and values so far. The protocol core counts commas and brackets as well, at most twice as many.
  (global $tokens (mut i32) (i32.const 0))

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

  ;; One character.
  (func $char (param $c i32) (result i32)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (global.get $at)) (local.get $c)) (then (return (i32.const 0))))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (i32.const 1))

  (func $either (param $one i32) (param $other i32) (result i32)
    (if (call $char (local.get $one)) (then (return (i32.const 1))))
    (call $char (local.get $other)))

  ;; White space and one character.
  (func $last (param $c i32) (result i32)
    (call $space)
    (call $char (local.get $c)))

  ;; White space, one character, white space.
  (func $sign (param $c i32) (result i32)
    (if (i32.eqz (call $last (local.get $c))) (then (return (i32.const 0))))
    (call $space)
    (i32.const 1))

  (func $word (param $from i32) (param $length i32) (result i32)
    (if (i32.gt_u (local.get $length) (i32.sub (global.get $end) (global.get $at))) (then (return (i32.const 0))))
    (if (i32.eqz (call $equal (global.get $at) (local.get $length) (local.get $from) (local.get $length)))
      (then (return (i32.const 0))))
    (global.set $at (i32.add (global.get $at) (local.get $length)))
    (i32.const 1))

  (func $string (result i32)
    (local $c i32) (local $at i32)
    (global.set $odd (i32.const 0))
    (if (i32.eqz (call $char (i32.const 34))) (then (return (i32.const 0))))
    (global.set $text (global.get $at))
    (local.set $at (global.get $at))
    (loop $next
      (if (i32.ge_u (local.get $at) (global.get $end)) (then (return (i32.const 0))))
      (local.set $c (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.ne (local.get $c) (i32.const 34))
        (then
          (if (i32.lt_u (local.get $c) (i32.const 32)) (then (return (i32.const 0))))
          (if (i32.gt_u (local.get $c) (i32.const 126)) (then (global.set $odd (i32.or (global.get $odd) (i32.const 2)))))
          (if (i32.eq (local.get $c) (i32.const 92))
            (then
              (global.set $odd (i32.or (global.get $odd) (i32.const 1)))
              (global.set $at (local.get $at))
              (if (i32.eqz (call $escaped)) (then (return (i32.const 0))))
              (local.set $at (global.get $at))))
          (br $next))))
    (global.set $at (local.get $at))
    (global.set $length (i32.sub (i32.sub (local.get $at) (i32.const 1)) (global.get $text)))
    (i32.const 1))

  ;; What follows on a backslash.
  (func $escaped (result i32)
    (local $c i32) (local $left i32)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (local.set $c (i32.load8_u (global.get $at)))
    (global.set $at (i32.add (global.get $at) (i32.const 1)))
    (if (i32.ne (local.get $c) (i32.const 117))
      (then (return (call $among (local.get $c) (; "\"\\/bfnrt" ;)))))
    (local.set $left (i32.const 4))
    (loop $next
      (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
      (if (i32.eqz (call $among (i32.load8_u (global.get $at)) (; "0123456789abcdefABCDEF" ;)))
        (then (return (i32.const 0))))
      (global.set $at (i32.add (global.get $at) (i32.const 1)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 1))

  ;; True when a character is one of a text.
  (func $among (param $c i32) (param $from i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eq (i32.load8_u (local.get $from)) (local.get $c)) (then (return (i32.const 1))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br_if $next (local.get $length)))
    (i32.const 0))

  (func $number (result i32)
    (local $signed i32) (local $digits i32)
    (local.set $signed (call $char (i32.const 45)))
    (if (call $char (i32.const 48))
      (then
        (local.set $digits (i32.const 1))
        (if (call $digits) (then (return (i32.const 0)))))
      (else (local.set $digits (call $digits))))
    (if (i32.eqz (local.get $digits)) (then (return (i32.const 0))))
    (global.set $whole (i32.and (i32.eqz (local.get $signed)) (i32.lt_u (local.get $digits) (i32.const 16))))
    (if (call $char (i32.const 46))
      (then
        (global.set $whole (i32.const 0))
        (if (i32.eqz (call $digits)) (then (return (i32.const 0))))))
    (if (call $either (i32.const 101) (i32.const 69))
      (then
        (global.set $whole (i32.const 0))
        (drop (call $either (i32.const 43) (i32.const 45)))
        (if (i32.eqz (call $digits)) (then (return (i32.const 0))))))
    (i32.const 1))

  ;; How many digits there are.
  (func $digits (result i32)
    (local $from i32)
    (local.set $from (global.get $at))
    (block $end
      (loop $next
        (br_if $end (i32.ge_u (global.get $at) (global.get $end)))
        (br_if $end (i32.gt_u (i32.sub (i32.load8_u (global.get $at)) (i32.const 48)) (i32.const 9)))
        (global.set $at (i32.add (global.get $at) (i32.const 1)))
        (br $next)))
    (i32.sub (global.get $at) (local.get $from)))

  ;; A key and its colon, unlike those since $first, among which it then is.
  (func $key (param $first i32) (result i32)
    (if (i32.eqz (call $string)) (then (return (i32.const 0))))
    (if (i32.and (global.get $odd) (i32.const 1)) (then (return (i32.const 0))))
    (if (call $is (; "__proto__" ;)) (then (return (i32.const 0))))
    (block $new
      (loop $next
        (br_if $new (i32.ge_u (local.get $first) (global.get $keys)))
        (if (call $is (i32.load (local.get $first)) (i32.load offset=4 (local.get $first))) (then (return (i32.const 0))))
        (local.set $first (i32.add (local.get $first) (i32.const 8)))
        (br $next)))
    (if (i32.gt_u (global.get $keys) (i32.const 8184)) (then (return (i32.const 0))))
    (i32.store (global.get $keys) (global.get $text))
    (i32.store offset=4 (global.get $keys) (global.get $length))
    (global.set $keys (i32.add (global.get $keys) (i32.const 8)))
    (global.set $tokens (i32.add (global.get $tokens) (i32.const 1)))
    (call $sign (i32.const 58)))

  ;; True when the string that was read last is a text.
  (func $is (param $from i32) (param $length i32) (result i32)
    (call $equal (global.get $text) (global.get $length) (local.get $from) (local.get $length)))

  ;; Any value, to a depth.
  (func $value (param $depth i32) (result i32)
    (local $c i32) (local $keys i32)
    (global.set $tokens (i32.add (global.get $tokens) (i32.const 1)))
    (if (i32.gt_u (global.get $tokens) (i32.const 40000)) (then (return (i32.const 0))))
    (if (i32.eqz (local.get $depth)) (then (return (i32.const 0))))
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (local.set $c (i32.load8_u (global.get $at)))
    (if (i32.eq (local.get $c) (i32.const 34)) (then (return (call $string))))
    (if (i32.eq (local.get $c) (i32.const 116)) (then (return (call $word (; "true" ;)))))
    (if (i32.eq (local.get $c) (i32.const 102)) (then (return (call $word (; "false" ;)))))
    (if (i32.eq (local.get $c) (i32.const 110)) (then (return (call $word (; "null" ;)))))
    (if (i32.eq (local.get $c) (i32.const 91))
      (then
        (drop (call $sign (i32.const 91)))
        (if (call $char (i32.const 93)) (then (return (i32.const 1))))
        (loop $next
          (if (i32.eqz (call $value (i32.sub (local.get $depth) (i32.const 1)))) (then (return (i32.const 0))))
          (br_if $next (call $sign (i32.const 44))))
        (return (call $last (i32.const 93)))))
    (if (i32.eq (local.get $c) (i32.const 123))
      (then
        (drop (call $sign (i32.const 123)))
        (if (call $char (i32.const 125)) (then (return (i32.const 1))))
        (local.set $keys (global.get $keys))
        (loop $next
          (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
          (if (i32.eqz (call $value (i32.sub (local.get $depth) (i32.const 1)))) (then (return (i32.const 0))))
          (br_if $next (call $sign (i32.const 44))))
        (global.set $keys (local.get $keys))
        (return (call $last (i32.const 125)))))
    (call $number))

  (func $object (result i32)
    (if (i32.ge_u (global.get $at) (global.get $end)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (global.get $at)) (i32.const 123)) (then (return (i32.const 0))))
    (call $value (i32.const 48)))
