;; Part of front.wat: which contents are recognised. Every message that is not just a request, or says what only few do, is left
;; to the adapter.

  ;; The id as it was written, the method, and whether the message describes itself as messages since 2026-07-28 do.
  (global $id (mut i32) (i32.const 0))
  (global $id-length (mut i32) (i32.const 0))
  (global $called (mut i32) (i32.const 0))
  (global $called-length (mut i32) (i32.const 0))
  (global $modern (mut i32) (i32.const 0))
  ;; The parameters as they were written; no length where there are none.
  (global $params (mut i32) (i32.const 0))
  (global $params-length (mut i32) (i32.const 0))
  (global $has-meta (mut i32) (i32.const 0))
  ;; Ends of two tables: members of the parameters but "_meta" from 192, those of "_meta" that components see from 448. A row is
  ;; the address and the length of key and value, with the white space behind them.
  (global $members (mut i32) (i32.const 192))
  (global $meta-members (mut i32) (i32.const 448))
  ;; The parameter "name", and what "_meta" says: the client of itself, the trace, and whether progress is waited for.
  (global $name (mut i32) (i32.const 0))
  (global $name-length (mut i32) (i32.const 0))
  (global $info (mut i32) (i32.const 0))
  (global $info-length (mut i32) (i32.const 0))
  (global $capabilities (mut i32) (i32.const 0))
  (global $capabilities-length (mut i32) (i32.const 0))
  (global $meta-trace (mut i32) (i32.const 0))
  (global $meta-trace-length (mut i32) (i32.const 0))
  (global $meta-state (mut i32) (i32.const 0))
  (global $meta-state-length (mut i32) (i32.const 0))
  (global $progress (mut i32) (i32.const 0))

  ;; A string of printable ASCII without escapes.
  (func $plain (result i32)
    (if (i32.eqz (call $string)) (then (return (i32.const 0))))
    (i32.eqz (global.get $odd)))

  ;; Puts a member, from an address to here, at the end of a table of 32. 0 where the table is full.
  (func $member (param $row i32) (param $first i32) (param $from i32) (result i32)
    (call $space)
    (if (i32.eq (i32.sub (local.get $row) (local.get $first)) (i32.const 256)) (then (return (i32.const 0))))
    (i32.store (local.get $row) (local.get $from))
    (i32.store offset=4 (local.get $row) (i32.sub (global.get $at) (local.get $from)))
    (i32.add (local.get $row) (i32.const 8)))

  (func $meta (result i32)
    (local $keys i32) (local $from i32) (local $start i32) (local $seen i32)
    (global.set $has-meta (i32.const 1))
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (if (call $char (i32.const 125)) (then (return (i32.const 1))))
    (local.set $keys (global.get $keys))
    (loop $next
      (local.set $from (global.get $at))
      (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
      (local.set $start (global.get $at))
      (block $read
        (if (call $is (; "io.modelcontextprotocol/logLevel" ;)) (then (return (i32.const 0))))
        (if (call $is (; "io.modelcontextprotocol/protocolVersion" ;))
          (then
            (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
            (if (i32.eqz (call $is (global.get $version) (global.get $version-length))) (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 1)))
            (br $read)))
        (if (call $is (; "io.modelcontextprotocol/clientCapabilities" ;))
          (then
            (if (i32.eqz (call $object)) (then (return (i32.const 0))))
            (global.set $capabilities (local.get $start))
            (global.set $capabilities-length (i32.sub (global.get $at) (local.get $start)))
            (local.set $seen (i32.or (local.get $seen) (i32.const 2)))
            (br $read)))
        (if (call $is (; "io.modelcontextprotocol/clientInfo" ;))
          (then
            (if (i32.eqz (call $object)) (then (return (i32.const 0))))
            (global.set $info (local.get $start))
            (global.set $info-length (i32.sub (global.get $at) (local.get $start)))
            (local.set $seen (i32.or (local.get $seen) (i32.const 4)))
            (br $read)))
        (block $valued
          (if (call $is (; "traceparent" ;))
            (then
              (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
              (global.set $meta-trace (global.get $text))
              (global.set $meta-trace-length (global.get $length))
              (br $valued)))
          (if (call $is (; "tracestate" ;))
            (then
              (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
              (global.set $meta-state (global.get $text))
              (global.set $meta-state-length (global.get $length))
              (br $valued)))
          (if (call $is (; "progressToken" ;)) (then (global.set $progress (i32.const 1))))
          (if (i32.eqz (call $value (i32.const 48))) (then (return (i32.const 0)))))
        (global.set $meta-members (call $member (global.get $meta-members) (i32.const 448) (local.get $from)))
        (if (i32.eqz (global.get $meta-members)) (then (return (i32.const 0)))))
      (br_if $next (call $sign (i32.const 44))))
    (global.set $keys (local.get $keys))
    (if (local.get $seen)
      (then
        (global.set $modern (i32.const 1))
        (if (i32.ne (i32.and (local.get $seen) (i32.const 3)) (i32.const 3)) (then (return (i32.const 0))))))
    (call $last (i32.const 125)))

  (func $parameters (result i32)
    (local $keys i32) (local $from i32)
    (global.set $params (global.get $at))
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (if (i32.eqz (call $char (i32.const 125)))
      (then
        (local.set $keys (global.get $keys))
        (loop $next
          (local.set $from (global.get $at))
          (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
          (block $read
            (if (call $is (; "_meta" ;))
              (then
                (if (i32.eqz (call $meta)) (then (return (i32.const 0))))
                (br $read)))
            ;; With these a client continues a request.
            (if (i32.or (call $is (; "inputResponses" ;)) (call $is (; "requestState" ;))) (then (return (i32.const 0))))
            (block $valued
              (if (call $is (; "name" ;))
                (then
                  (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
                  (global.set $name (global.get $text))
                  (global.set $name-length (global.get $length))
                  (br $valued)))
              (if (i32.eqz (call $value (i32.const 48))) (then (return (i32.const 0)))))
            (global.set $members (call $member (global.get $members) (i32.const 192) (local.get $from)))
            (if (i32.eqz (global.get $members)) (then (return (i32.const 0)))))
          (br_if $next (call $sign (i32.const 44))))
        (global.set $keys (local.get $keys))
        (if (i32.eqz (call $last (i32.const 125))) (then (return (i32.const 0))))))
    (global.set $params-length (i32.sub (global.get $at) (global.get $params)))
    (i32.const 1))

  ;; A whole message: a request with an id and a method, and nothing else but parameters.
  (func $message (param $from i32) (param $length i32) (result i32)
    (local $seen i32) (local $start i32) (local $keys i32)
    (global.set $at (local.get $from))
    (global.set $end (i32.add (local.get $from) (local.get $length)))
    (global.set $keys (i32.const 1024))
    (global.set $tokens (i32.const 0))
    (global.set $modern (i32.const 0))
    (global.set $params-length (i32.const 0))
    (global.set $has-meta (i32.const 0))
    (global.set $members (i32.const 192))
    (global.set $meta-members (i32.const 448))
    (global.set $name (i32.const 0))
    (global.set $info-length (i32.const 0))
    (global.set $meta-trace (i32.const 0))
    (global.set $meta-state-length (i32.const 0))
    (global.set $progress (i32.const 0))
    (if (i32.eqz (call $sign (i32.const 123))) (then (return (i32.const 0))))
    (local.set $keys (global.get $keys))
    (loop $next
      (if (i32.eqz (call $key (local.get $keys))) (then (return (i32.const 0))))
      (block $read
        (if (call $is (; "jsonrpc" ;))
          (then
            (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
            (if (i32.eqz (call $is (; "2.0" ;))) (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 1)))
            (br $read)))
        (if (call $is (; "id" ;))
          (then
            (local.set $start (global.get $at))
            (if (i32.eqz (call $string))
              (then
                (global.set $at (local.get $start))
                (if (i32.eqz (call $number)) (then (return (i32.const 0))))
                (if (i32.eqz (global.get $whole)) (then (return (i32.const 0))))))
            (global.set $id (local.get $start))
            (global.set $id-length (i32.sub (global.get $at) (local.get $start)))
            (if (i32.gt_u (global.get $id-length) (i32.const 256)) (then (return (i32.const 0))))
            (local.set $seen (i32.or (local.get $seen) (i32.const 2)))
            (br $read)))
        (if (call $is (; "method" ;))
          (then
            (if (i32.eqz (call $plain)) (then (return (i32.const 0))))
            (global.set $called (global.get $text))
            (global.set $called-length (global.get $length))
            (local.set $seen (i32.or (local.get $seen) (i32.const 4)))
            (br $read)))
        (if (call $is (; "params" ;))
          (then
            (if (i32.eqz (call $parameters)) (then (return (i32.const 0))))
            (br $read)))
        (return (i32.const 0)))
      (br_if $next (call $sign (i32.const 44))))
    (if (i32.ne (local.get $seen) (i32.const 7)) (then (return (i32.const 0))))
    (if (i32.eqz (call $sign (i32.const 125))) (then (return (i32.const 0))))
    (i32.eq (global.get $at) (global.get $end)))
