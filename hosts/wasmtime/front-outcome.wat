;; Part of front.wat: the answer to what the core was asked, where it can be written from texts. Every other outcome is for the adapter to shape.

  ;; Sends the answer for the outcome at 144. False where the adapter has to: then nothing was sent.
  (func $send-outcome (param $out i32) (param $row i32) (result i32)
    (local $case i32)
    (local.set $case (i32.load8_u (i32.const 144)))
    (if (i32.eqz (local.get $case))
      (then
        (if (i32.load offset=32 (local.get $row)) (then (return (call $send-list (local.get $out) (local.get $row)))))
        (return (call $send-result (local.get $out) (local.get $row)))))
    (if (i32.eq (local.get $case) (i32.const 1)) (then (return (call $send-failure (local.get $out)))))
    (if (i32.eq (local.get $case) (i32.const 2)) (then (return (call $send-refusal (local.get $out)))))
    (i32.const 0))

  ;; A list as the end of the chain has it, whose answer is known. Middleware may have changed it.
  (func $send-list (param $out i32) (param $row i32) (result i32)
    (if (i32.eqz
          (call $equal
            (i32.load (i32.const 148)) (i32.load (i32.const 152))
            (i32.load offset=28 (local.get $row)) (i32.load offset=32 (local.get $row))))
      (then (return (i32.const 0))))
    (call $send-constant (local.get $out) (local.get $row)))

  ;; A result: an object whose text begins with a member, and shows that nothing in it differs between revisions.
  (func $send-result (param $out i32) (param $row i32) (result i32)
    (local $from i32) (local $length i32) (local $end i32) (local $text i32)
    (local.set $from (i32.load (i32.const 148)))
    (local.set $length (i32.load (i32.const 152)))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    ;; Whether one of more bytes is too long depends on its characters.
    (if (i32.gt_u (i32.sub (local.get $length) (i32.const 2)) (i32.const 4194302)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (local.get $from)) (i32.const 123)) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (i32.sub (local.get $end) (i32.const 1))) (i32.const 125)) (then (return (i32.const 0))))
    (local.set $from (i32.add (local.get $from) (i32.const 1)))
    (if (i32.eqz (call $among (i32.load8_u (local.get $from)) (; "\"}" ;))) (then (return (i32.const 0))))
    (if (global.get $modern)
      (then
        (if (call $behind (local.get $from) (local.get $end) (; "\"resultType\"" ;)) (then (return (i32.const 0))))
        (if (call $behind (local.get $from) (local.get $end) (; "\"_meta\"" ;)) (then (return (i32.const 0)))))
      (else (if (i32.eqz (call $is-downgraded (local.get $from) (local.get $end))) (then (return (i32.const 0))))))
    (local.set $text (global.get $heap))
    (call $put (i32.load offset=20 (local.get $row)) (i32.load offset=24 (local.get $row)))
    ;; Behind members of the protocol's own, unless there are none or none follows.
    (if (i32.and
          (i32.ne (i32.load8_u (i32.sub (global.get $heap) (i32.const 1))) (i32.const 123))
          (i32.eq (i32.load8_u (local.get $from)) (i32.const 34)))
      (then (call $put (; "," ;))))
    (call $put (local.get $from) (i32.sub (local.get $end) (local.get $from)))
    (call $put (; ",\"id\":" ;))
    (call $put (global.get $id) (global.get $id-length))
    (call $put (; "}" ;))
    (call $send (local.get $out) (i32.const 200) (local.get $text)))

  ;; True when every structured content, wherever it stands, is an object, as it was before 2026-07-28.
  (func $is-downgraded (param $from i32) (param $end i32) (result i32)
    (loop $next
      (local.set $from (call $behind (local.get $from) (local.get $end) (; "\"structuredContent\"" ;)))
      (if (i32.eqz (local.get $from)) (then (return (i32.const 1))))
      (if (i32.lt_u (i32.sub (local.get $end) (local.get $from)) (i32.const 2)) (then (return (i32.const 0))))
      (br_if $next (i32.eq (i32.load16_u (local.get $from)) (i32.const 0x7b3a))))
    (i32.const 0))

  ;; The place behind the first occurrence of a text, which begins with a quotation mark; 0 where there is none.
  (func $behind (param $from i32) (param $end i32) (param $text i32) (param $length i32) (result i32)
    (local $last i32)
    (if (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $from))) (then (return (i32.const 0))))
    (local.set $last (i32.sub (local.get $end) (local.get $length)))
    (loop $next
      (if (i32.eq (i32.load16_u (local.get $from)) (i32.load16_u (local.get $text)))
        (then
          (if (call $equal (local.get $from) (local.get $length) (local.get $text) (local.get $length))
            (then (return (i32.add (local.get $from) (local.get $length)))))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $from) (local.get $last))))
    (i32.const 0))

  ;; An error. Two codes have an HTTP status of their own since 2026-07-28.
  (func $send-failure (param $out i32) (result i32)
    (local $code i32) (local $text i32)
    (local.set $code (i32.load (i32.const 148)))
    (if (global.get $modern)
      (then
        (if (i32.or (i32.eq (local.get $code) (i32.const -32601)) (i32.eq (local.get $code) (i32.const -32021)))
          (then (return (i32.const 0))))))
    (local.set $text (global.get $heap))
    (if (i32.eqz (call $put-error (i32.const 148))) (then (return (i32.const 0))))
    (call $send (local.get $out) (i32.const 200) (local.get $text)))

  ;; A refusal with at most two of the fields that refusals of middleware have.
  (func $send-refusal (param $out i32) (result i32)
    (local $status i32) (local $row i32) (local $left i32) (local $text i32) (local $length i32)
    (local.set $status (i32.load16_u (i32.const 148)))
    (if (i32.gt_u (i32.sub (local.get $status) (i32.const 400)) (i32.const 199)) (then (return (i32.const 0))))
    (local.set $row (i32.load (i32.const 152)))
    (local.set $left (i32.load (i32.const 156)))
    (if (i32.gt_u (local.get $left) (i32.const 2)) (then (return (i32.const 0))))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $left)))
        (global.set $text (i32.load (local.get $row)))
        (global.set $length (i32.load offset=4 (local.get $row)))
        (local.set $length (i32.load offset=12 (local.get $row)))
        (if (i32.eqz (i32.or (call $is (; "www-authenticate" ;)) (call $is (; "retry-after" ;)))) (then (return (i32.const 0))))
        (if (i32.gt_u (local.get $length) (i32.const 4096)) (then (return (i32.const 0))))
        (if (i32.eqz (call $is-visible (i32.load offset=8 (local.get $row)) (local.get $length))) (then (return (i32.const 0))))
        (call $field (global.get $text) (global.get $length) (i32.load offset=8 (local.get $row)) (local.get $length))
        (local.set $row (i32.add (local.get $row) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (local.set $text (global.get $heap))
    (if (i32.eqz (call $put-error (i32.const 160))) (then (return (i32.const 0))))
    (call $send (local.get $out) (local.get $status) (local.get $text)))

  ;; Puts the answer of an error that lies at an address: code, message, data. False where it has data, which may have to be
  ;; written anew, or control characters.
  (func $put-error (param $error i32) (result i32)
    (local $code i32)
    (if (i32.load8_u offset=12 (local.get $error)) (then (return (i32.const 0))))
    (local.set $code (i32.load (local.get $error)))
    (call $put (; "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" ;))
    (if (i32.lt_s (local.get $code) (i32.const 0)) (then (call $put (; "-" ;))))
    (call $put-decimal
      (i64.extend_i32_u
        (select (i32.sub (i32.const 0) (local.get $code)) (local.get $code) (i32.lt_s (local.get $code) (i32.const 0)))))
    (call $put (; ",\"message\":\"" ;))
    (if (i32.eqz (call $put-escaped (i32.load offset=4 (local.get $error)) (i32.load offset=8 (local.get $error))))
      (then (return (i32.const 0))))
    (call $put (; "\"},\"id\":" ;))
    (call $put (global.get $id) (global.get $id-length))
    (call $put (; "}" ;))
    (i32.const 1))
