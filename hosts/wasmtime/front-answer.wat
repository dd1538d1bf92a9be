;; Part of front.wat: how an answer is written.

  ;; End of the fields of the answer, from 704 to 768: address and length of name and value.
  (global $fields (mut i32) (i32.const 704))

  (func $field (param $name i32) (param $name-length i32) (param $value i32) (param $length i32)
    (i32.store (global.get $fields) (local.get $name))
    (i32.store offset=4 (global.get $fields) (local.get $name-length))
    (i32.store offset=8 (global.get $fields) (local.get $value))
    (i32.store offset=12 (global.get $fields) (local.get $length))
    (global.set $fields (i32.add (global.get $fields) (i32.const 16))))

  (func $put (param $from i32) (param $length i32)
    (memory.copy (call $room (local.get $length)) (local.get $from) (local.get $length)))

  ;; Puts text inside a JSON string. False where it has what has no short escape.
  (func $put-escaped (param $from i32) (param $length i32) (result i32)
    (local $to i32) (local $c i32) (local $end i32)
    (local.set $to (call $room (i32.shl (local.get $length) (i32.const 1))))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $from)))
        (if (i32.lt_u (local.get $c) (i32.const 32)) (then (return (i32.const 0))))
        (if (i32.or (i32.eq (local.get $c) (i32.const 34)) (i32.eq (local.get $c) (i32.const 92)))
          (then
            (i32.store8 (local.get $to) (i32.const 92))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))))
        (i32.store8 (local.get $to) (local.get $c))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (global.set $heap (local.get $to))
    (i32.const 1))

  ;; Puts a number in decimal.
  (func $put-decimal (param $value i64)
    (if (i64.gt_u (local.get $value) (i64.const 9)) (then (call $put-decimal (i64.div_u (local.get $value) (i64.const 10)))))
    (i32.store8 (call $room (i32.const 1)) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10))))))

  ;; Sends what was put since an address, with its type and length and with the fields that were added. False where the host does
  ;; not take a field: then nothing was sent.
  (func $send (param $out i32) (param $status i32) (param $text i32) (result i32)
    (local $length i32) (local $number i32) (local $response i32) (local $body i32) (local $stream i32) (local $piece i32)
    (local $broken i32)
    (local.set $length (i32.sub (global.get $heap) (local.get $text)))
    (local.set $number (global.get $heap))
    (call $put-decimal (i64.extend_i32_u (local.get $length)))
    (call $field (; "content-length" ;) (local.get $number) (i32.sub (global.get $heap) (local.get $number)))
    (call $from-list (i32.const 704) (i32.shr_u (i32.sub (global.get $fields) (i32.const 704)) (i32.const 4)) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then (return (i32.const 0))))
    (local.set $response (call $response (i32.load (i32.const 4))))
    (if (i32.ne (local.get $status) (i32.const 200))
      (then (drop (call $set-status (local.get $response) (local.get $status)))))
    (call $response-body (local.get $response) (i32.const 0))
    (local.set $body (i32.load (i32.const 4)))
    (call $set (local.get $out) (i32.const 0) (local.get $response)
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $body) (i32.const 0))
    (local.set $stream (i32.load (i32.const 4)))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $length)))
        (local.set $piece (select (local.get $length) (i32.const 4096) (i32.lt_u (local.get $length) (i32.const 4096))))
        (call $write-and-flush (local.get $stream) (local.get $text) (local.get $piece) (i32.const 0))
        (local.set $broken (i32.load8_u (i32.const 0)))
        (if (local.get $broken)
          (then
            (if (i32.eqz (i32.load8_u (i32.const 4))) (then (call $drop-error (i32.load (i32.const 8)))))
            (br $end)))
        (local.set $text (i32.add (local.get $text) (local.get $piece)))
        (local.set $length (i32.sub (local.get $length) (local.get $piece)))
        (br $next)))
    (call $drop-output (local.get $stream))
    ;; The client went away: a body that is dropped without its end is a broken one.
    (if (local.get $broken)
      (then (call $drop-outgoing (local.get $body)))
      (else (call $finish-body (local.get $body) (i32.const 0) (i32.const 0) (i32.const 0))))
    (i32.const 1))
