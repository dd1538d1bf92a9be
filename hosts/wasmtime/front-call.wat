;; Part of front.wat: the call of a tool, and of a list that middleware acts on. What components are given is, byte for byte, what
;; src/protocol makes of the same request.

  ;; True for a call that needs nothing of the adapter before it.
  (func $is-callable (result i32)
    (local $row i32) (local $left i32)
    (if (i32.eqz (global.get $name)) (then (return (i32.const 0))))
    (if (i32.eqz (global.get $name-length)) (then (return (i32.const 0))))
    (if (i32.eqz (call $is-askable)) (then (return (i32.const 0))))
    (if (global.get $modern)
      (then
        (if (i32.eqz (call $equal (global.get $named) (global.get $named-length) (global.get $name) (global.get $name-length)))
          (then (return (i32.const 0))))
        ;; A field that may be encoded begins with "=".
        (if (i32.eq (i32.load8_u (global.get $name)) (i32.const 61)) (then (return (i32.const 0))))))
    ;; Tools whose arguments are repeated in fields.
    (local.set $row (call $c-repeated))
    (local.set $left (call $c-repeated-count))
    (block $no
      (loop $next
        (br_if $no (i32.eqz (local.get $left)))
        (if (call $equal (global.get $name) (global.get $name-length) (i32.load (local.get $row)) (i32.load offset=4 (local.get $row)))
          (then (return (i32.const 0))))
        (local.set $row (i32.add (local.get $row) (i32.const 8)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  ;; True for a request that needs nothing of the adapter before it, whatever its method.
  (func $is-askable (result i32)
    ;; A client that hears of progress, or of the log as those before 2026-07-28 do, gets an event stream.
    (if (call $c-notifies)
      (then (if (i32.or (i32.eqz (global.get $modern)) (global.get $progress)) (then (return (i32.const 0))))))
    (if (i32.eqz (global.get $modern)) (then (return (i32.const 1))))
    (i32.le_u (i32.add (global.get $info-length) (global.get $capabilities-length)) (i32.const 65536)))

  ;; Calls the core. The outcome lies at 144: its case, and from 148 what comes with it.
  (func $call-core
    (local $context i32) (local $context-length i32) (local $params i32) (local $params-length i32)
    (local.set $context (global.get $heap))
    (call $put-context)
    (local.set $context-length (i32.sub (global.get $heap) (local.get $context)))
    (local.set $params (global.get $params))
    (local.set $params-length (global.get $params-length))
    (if (global.get $has-meta)
      (then
        (local.set $params (global.get $heap))
        (call $put-params)
        (local.set $params-length (i32.sub (global.get $heap) (local.get $params)))))
    (memory.fill (i32.const 144) (i32.const 0) (i32.const 40))
    (call $begin-call
      (i32.ne (global.get $credential-length) (i32.const 0)) (global.get $credential) (global.get $credential-length))
    (call $core
      (local.get $context) (local.get $context-length)
      (i32.const 1) (global.get $id) (global.get $id-length)
      (global.get $called) (global.get $called-length)
      (i32.ne (global.get $name) (i32.const 0)) (global.get $name) (global.get $name-length)
      (i32.ne (local.get $params-length) (i32.const 0)) (local.get $params) (local.get $params-length)
      (i32.const 144))
    (call $end-call))

  (func $put-context
    (local $now i64)
    (call $put (; "{\"requestId\":\"" ;))
    (call $put-hex (call $random))
    (call $put-hex (call $random))
    (call $put (; "\",\"transport\":\"http\",\"protocolVersion\":\"" ;))
    (if (global.get $version-length)
      (then (call $put (global.get $version) (global.get $version-length)))
      (else (call $put (call $c-unstated) (call $c-unstated-length))))
    (call $put (; "\"" ;))
    (if (global.get $modern)
      (then
        (call $put (; ",\"client\":{" ;))
        (if (global.get $info-length)
          (then
            (call $put (; "\"info\":" ;))
            (call $put (global.get $info) (global.get $info-length))
            (call $put (; "," ;))))
        (call $put (; "\"capabilities\":" ;))
        (call $put (global.get $capabilities) (global.get $capabilities-length))
        (call $put (; "}" ;))))
    (call $now (i32.const 0))
    (local.set $now
      (i64.add
        (i64.mul (i64.load (i32.const 0)) (i64.const 1000))
        (i64.extend_i32_u (i32.div_u (i32.load (i32.const 8)) (i32.const 1000000)))))
    (call $put (; ",\"receivedAt\":" ;))
    (call $put-decimal (local.get $now))
    (call $put (; ",\"deadline\":" ;))
    (call $put-decimal (i64.add (local.get $now) (call $c-deadline)))
    (if (global.get $meta-trace)
      (then
        (call $put-trace (global.get $meta-trace) (global.get $meta-trace-length)
          (global.get $meta-state) (global.get $meta-state-length)))
      (else
        (call $put-trace (global.get $trace) (global.get $trace-length) (global.get $state) (global.get $state-length))))
    (call $put (; "}" ;)))

  ;; Eight bytes as 16 digits.
  (func $put-hex (param $bytes i64)
    (local $at i32) (local $end i32) (local $digit i32)
    (local.set $at (call $room (i32.const 16)))
    (local.set $end (i32.add (local.get $at) (i32.const 16)))
    (loop $next
      (local.set $digit (i32.wrap_i64 (i64.and (local.get $bytes) (i64.const 15))))
      (i32.store8 (local.get $at)
        (i32.add (local.get $digit) (select (i32.const 48) (i32.const 87) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (local.set $bytes (i64.shr_u (local.get $bytes) (i64.const 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))

  ;; The members of the context about the trace, where there is one: its state counts with it alone.
  (func $put-trace (param $trace i32) (param $length i32) (param $state i32) (param $state-length i32)
    (if (i32.eqz (call $is-trace (local.get $trace) (local.get $length))) (then (return)))
    (call $put (; ",\"traceparent\":\"" ;))
    (call $put (local.get $trace) (local.get $length))
    (call $put (; "\"" ;))
    (if (i32.gt_u (i32.sub (local.get $state-length) (i32.const 1)) (i32.const 511)) (then (return)))
    (call $put (; ",\"tracestate\":\"" ;))
    (drop (call $put-escaped (local.get $state) (local.get $state-length)))
    (call $put (; "\"" ;)))

  ;; True for a traceparent: https://www.w3.org/TR/trace-context/#traceparent-header-field-values
  (func $is-trace (param $from i32) (param $length i32) (result i32)
    (local $at i32) (local $c i32) (local $trace i32) (local $parent i32)
    (if (i32.ne (local.get $length) (i32.const 55)) (then (return (i32.const 0))))
    (if (i32.eq (i32.load16_u (local.get $from)) (i32.const 0x6666)) (then (return (i32.const 0))))
    (loop $next
      (local.set $c (i32.load8_u (i32.add (local.get $from) (local.get $at))))
      (if (i32.or (i32.eq (local.get $at) (i32.const 2))
            (i32.or (i32.eq (local.get $at) (i32.const 35)) (i32.eq (local.get $at) (i32.const 52))))
        (then
          (if (i32.ne (local.get $c) (i32.const 45)) (then (return (i32.const 0)))))
        (else
          (if (i32.eqz (call $among (local.get $c) (; "0123456789abcdef" ;))) (then (return (i32.const 0))))
          ;; Neither of the two ids may be all zeros.
          (if (i32.ne (local.get $c) (i32.const 48))
            (then
              (if (i32.lt_u (i32.sub (local.get $at) (i32.const 3)) (i32.const 32)) (then (local.set $trace (i32.const 1))))
              (if (i32.lt_u (i32.sub (local.get $at) (i32.const 36)) (i32.const 16)) (then (local.set $parent (i32.const 1))))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 55))))
    (i32.and (local.get $trace) (local.get $parent)))

  ;; The parameters without what "_meta" says to the transport.
  (func $put-params
    (call $put (; "{" ;))
    (call $put-members (i32.const 192) (global.get $members))
    (if (i32.ne (global.get $meta-members) (i32.const 448))
      (then
        (if (i32.ne (global.get $members) (i32.const 192)) (then (call $put (; "," ;))))
        (call $put (; "\"_meta\":{" ;))
        (call $put-members (i32.const 448) (global.get $meta-members))
        (call $put (; "}" ;))))
    (call $put (; "}" ;)))

  (func $put-members (param $row i32) (param $end i32)
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $row) (local.get $end)))
        (call $put (i32.load (local.get $row)) (i32.load offset=4 (local.get $row)))
        (local.set $row (i32.add (local.get $row) (i32.const 8)))
        (br_if $done (i32.eq (local.get $row) (local.get $end)))
        (call $put (; "," ;))
        (br $next))))
