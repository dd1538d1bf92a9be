;; Part of front.wat: which answer is the constant one of a request, and how it is written.

  ;; The row of the answer; 0 where there is none. A row is the version as its field states it (empty where it must be absent),
  ;; whether messages describe themselves, the method, and the answer up to the id: 7 words.
  (func $find-answer (result i32)
    (local $row i32) (local $left i32)
    (local.set $row (call $c-answers))
    (local.set $left (call $c-answer-count))
    (block $no
      (loop $next
        (br_if $no (i32.eqz (local.get $left)))
        (if (i32.eq (i32.load offset=8 (local.get $row)) (global.get $modern))
          (then
            (if (call $equal (global.get $version) (global.get $version-length)
                  (i32.load (local.get $row)) (i32.load offset=4 (local.get $row)))
              (then
                (if (call $equal (global.get $called) (global.get $called-length)
                      (i32.load offset=12 (local.get $row)) (i32.load offset=16 (local.get $row)))
                  (then (return (local.get $row))))))))
        (local.set $row (i32.add (local.get $row) (i32.const 28)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func $answer (param $out i32) (param $row i32)
    (local $text i32) (local $length i32) (local $prefix i32) (local $fields i32) (local $response i32) (local $body i32)
    (local $stream i32) (local $piece i32) (local $broken i32)
    (local.set $prefix (i32.load offset=24 (local.get $row)))
    (local.set $length (i32.add (i32.add (local.get $prefix) (global.get $id-length)) (i32.const 1)))
    (local.set $text (call $room (local.get $length)))
    (memory.copy (local.get $text) (i32.load offset=20 (local.get $row)) (local.get $prefix))
    (memory.copy (i32.add (local.get $text) (local.get $prefix)) (global.get $id) (global.get $id-length))
    (i32.store8 (i32.sub (i32.add (local.get $text) (local.get $length)) (i32.const 1)) (i32.const 125))
    (local.set $fields (call $allocate (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 32)))
    (i32.store (local.get $fields) (i32.const 144))
    (i32.store offset=4 (local.get $fields) (i32.const 12))
    (i32.store offset=8 (local.get $fields) (i32.const 160))
    (i32.store offset=12 (local.get $fields) (i32.const 16))
    (i32.store offset=16 (local.get $fields) (i32.const 248))
    (i32.store offset=20 (local.get $fields) (i32.const 14))
    (i32.store offset=24 (local.get $fields) (global.get $heap))
    (i32.store offset=28 (local.get $fields) (call $decimal (local.get $length)))
    (call $from-list (local.get $fields) (i32.const 2) (i32.const 0))
    (local.set $response (call $response (i32.load (i32.const 4))))
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
      (else (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 0)))))

  ;; Allocates a number in decimal, and gives its length.
  (func $decimal (param $value i32) (result i32)
    (local $length i32)
    (if (i32.gt_u (local.get $value) (i32.const 9))
      (then (local.set $length (call $decimal (i32.div_u (local.get $value) (i32.const 10))))))
    (i32.store8 (call $room (i32.const 1)) (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
    (i32.add (local.get $length) (i32.const 1)))
