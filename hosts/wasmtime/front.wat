;; In front of the adapter, without an engine. It reads a request, answers the ones whose answers are constants, makes calls of
;; tools itself, and hands every other one to the adapter as text. src/bundle/front.ts puts the constants in and makes a component
;; of it: each text in quotation marks in a block comment becomes its address and its length.
;;
;; What it answers it recognises exactly: another spelling of the same request goes to the adapter, whose answer is the same.
;;
;; Memory: 0 … 63 results of imports, 64 … names of methods, 144 … the outcome of a call, 192 and 448 … members of the parameters,
;; 704 … fields of the answer, 1,024 … keys of open JSON objects, 8,192 … constants of the bundle, behind them what the host passes.
;; The constants begin with words, which $c-… name.
(module
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-request.method" (func $method (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-request.authority" (func $authority (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-request.headers" (func $headers (param i32) (result i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-request.consume" (func $consume (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]incoming-body.stream" (func $stream (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]fields.entries" (func $entries (param i32 i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[resource-drop]incoming-request" (func $drop-request (param i32)))
  (import "tenon-wasi:http/types@0.2.0" "[resource-drop]incoming-body" (func $drop-body (param i32)))
  (import "tenon-wasi:http/types@0.2.0" "[resource-drop]fields" (func $drop-fields (param i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[resource-drop]input-stream" (func $drop-stream (param i32)))
  (import "tenon-wasi:io/error@0.2.0" "[resource-drop]error" (func $drop-error (param i32)))

  (import "tenon-wasi:http/types@0.2.0" "[static]fields.from-list" (func $from-list (param i32 i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]outgoing-response.body" (func $response-body (param i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]outgoing-response.set-status-code" (func $set-status (param i32 i32) (result i32)))
  (import "tenon-wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-output (param i32)))
  (import "tenon-wasi:http/types@0.2.0" "[static]outgoing-body.finish" (func $finish-body (param i32 i32 i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[resource-drop]outgoing-body" (func $drop-outgoing (param i32)))

  (import "tenon-wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))

  (import "tenon:adapter/call@0.1.0" "begin" (func $begin-call (param i32 i32 i32)))
  (import "tenon:adapter/call@0.1.0" "finish" (func $end-call))
  (import "tenon:mcp/handler@0.1.0" "handle"
    (func $core (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "tenon:front/exchange@0.1.0" "handle" (func $handle (param i32 i32 i32 i32 i32 i32)))
  (import "tenon:front/exchange@0.1.0" "finish"
    (func $finish (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))

  (memory (export "memory") (; pages ;) 1)
  ;; Methods of wasi:http by their number: 8 bytes each, the length last.
  (data (i32.const 64) "GET\00\00\00\00\03HEAD\00\00\00\04POST\00\00\00\04PUT\00\00\00\00\03DELETE\00\06CONNECT\07OPTIONS\07TRACE\00\00\05PATCH\00\00\05")
  (; constants ;)

  ;; True where the client went away before the end of the content.
  (global $unreadable (mut i32) (i32.const 0))
  ;; End of what was allocated.
  (global $heap (mut i32) (i32.const 0))

  (func $c-path (result i32) (i32.load (i32.const 8192)))
  (func $c-path-length (result i32) (i32.load (i32.const 8196)))
  (func $c-limit (result i32) (i32.load (i32.const 8200)))
  (func $c-any-host (result i32) (i32.load (i32.const 8204)))
  (func $c-hosts (result i32) (i32.load (i32.const 8208)))
  (func $c-host-count (result i32) (i32.load (i32.const 8212)))
  (func $c-rows (result i32) (i32.load (i32.const 8216)))
  (func $c-row-count (result i32) (i32.load (i32.const 8220)))
  (func $c-unstated (result i32) (i32.load (i32.const 8224)))
  (func $c-unstated-length (result i32) (i32.load (i32.const 8228)))
  (func $c-repeated (result i32) (i32.load (i32.const 8232)))
  (func $c-repeated-count (result i32) (i32.load (i32.const 8236)))
  (func $c-notifies (result i32) (i32.load (i32.const 8240)))
  (func $c-heap (result i32) (i32.load (i32.const 8244)))
  (func $c-deadline (result i64) (i64.load (i32.const 8248)))

  ;; Bytes without alignment follow each other, so the pieces of a content are one.
  (func $allocate (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32) (local $end i64) (local $have i64)
    (local.set $start
      (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i64.add (i64.extend_i32_u (local.get $start)) (i64.extend_i32_u (local.get $size))))
    (local.set $have (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (if (i64.gt_u (local.get $end) (local.get $have))
      (then
        (if (i32.eq
              (memory.grow
                (i32.wrap_i64 (i64.shr_u (i64.add (i64.sub (local.get $end) (local.get $have)) (i64.const 65535)) (i64.const 16))))
              (i32.const -1))
          (then unreachable))))
    (memory.copy (local.get $start) (local.get $old) (local.get $old-size))
    (global.set $heap (i32.wrap_i64 (local.get $end)))
    (local.get $start))

  (func $equal (param $a i32) (param $a-length i32) (param $b i32) (param $b-length i32) (result i32)
    (if (i32.ne (local.get $a-length) (local.get $b-length)) (then (return (i32.const 0))))
    (block $bytes
      (loop $next
        (br_if $bytes (i32.lt_u (local.get $a-length) (i32.const 8)))
        (if (i64.ne (i64.load align=1 (local.get $a)) (i64.load align=1 (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (local.set $a-length (i32.sub (local.get $a-length) (i32.const 8)))
        (br $next)))
    (block $same
      (loop $next
        (br_if $same (i32.eqz (local.get $a-length)))
        (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $a-length (i32.sub (local.get $a-length) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  (; front-head.wat ;)
  (; front-json.wat ;)
  (; front-message.wat ;)
  (; front-content.wat ;)
  (; front-answer.wat ;)
  (; front-constant.wat ;)
  (; front-call.wat ;)
  (; front-outcome.wat ;)

  (func (export "tenon-wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $method i32) (local $method-length i32) (local $path i32) (local $path-length i32)
    (local $authority i32) (local $authority-length i32) (local $handle i32) (local $fields i32) (local $count i32)
    (local $content i32) (local $content-length i32) (local $case i32) (local $head i32) (local $row i32) (local $ours i32)
    (local $called i32)
    (global.set $heap (call $c-heap))
    (global.set $unreadable (i32.const 0))
    (call $method (local.get $request) (i32.const 0))
    (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 9))
      (then
        (local.set $method (i32.load (i32.const 4)))
        (local.set $method-length (i32.load (i32.const 8))))
      (else
        (local.set $method (i32.add (i32.const 64) (i32.shl (i32.load8_u (i32.const 0)) (i32.const 3))))
        (local.set $method-length (i32.load8_u offset=7 (local.get $method)))))
    (call $path (local.get $request) (i32.const 16))
    (if (i32.load8_u (i32.const 16))
      (then
        (local.set $path (i32.load (i32.const 20)))
        (local.set $path-length (i32.load (i32.const 24))))
      (else
        (; "/" ;)
        (local.set $path-length)
        (local.set $path)))
    (call $authority (local.get $request) (i32.const 32))
    (if (i32.load8_u (i32.const 32))
      (then
        (local.set $authority (i32.load (i32.const 36)))
        (local.set $authority-length (i32.load (i32.const 40)))))
    (local.set $handle (call $headers (local.get $request)))
    (call $entries (local.get $handle) (i32.const 48))
    (local.set $fields (i32.load (i32.const 48)))
    (local.set $count (i32.load (i32.const 52)))
    (call $drop-fields (local.get $handle))
    ;; POST is number 2.
    (local.set $ours
      (i32.and
        (i32.eq (i32.load8_u (i32.const 0)) (i32.const 2))
        (call $is-path (local.get $path) (local.get $path-length))))
    (local.set $content (global.get $heap))
    (if (local.get $ours) (then (call $read-content (local.get $request))))
    (local.set $content-length (i32.sub (global.get $heap) (local.get $content)))
    (call $drop-request (local.get $request))
    (call $lower-names (local.get $fields) (local.get $count))

    (if (i32.gt_u (local.get $content-length) (call $c-limit))
      (then (local.set $case (i32.const 1)))
      (else
        (if (i32.eqz (call $is-utf8 (local.get $content) (local.get $content-length)))
          (then (local.set $case (i32.const 2))))))
    (if (global.get $unreadable) (then (local.set $case (i32.const 3))))

    (block $adapter
      (br_if $adapter (i32.eqz (local.get $ours)))
      (br_if $adapter (local.get $case))
      (br_if $adapter (i32.eqz (call $c-row-count)))
      (br_if $adapter (i32.ne (local.get $path-length) (call $c-path-length)))
      (br_if $adapter (i32.eqz (call $allowed-host (local.get $authority) (local.get $authority-length))))
      (br_if $adapter (i32.eqz (call $plain-fields (local.get $fields) (local.get $count))))
      (br_if $adapter (i32.eqz (call $message (local.get $content) (local.get $content-length))))
      ;; Messages that describe themselves name their method in the head as well; of others the field says nothing.
      (if (global.get $modern)
        (then
          (br_if $adapter (i32.eqz
            (call $equal (global.get $stated) (global.get $stated-length) (global.get $called) (global.get $called-length)))))
        (else (br_if $adapter (global.get $stated-length))))
      (local.set $row (call $find-row))
      (br_if $adapter (i32.eqz (local.get $row)))
      (global.set $fields (i32.const 704))
      (call $field (; "content-type" ;) (; "application/json" ;))
      (if (call $equal (global.get $called) (global.get $called-length) (; "tools/call" ;))
        (then
          (br_if $adapter (i32.eqz (call $is-callable)))
          (call $call-core)
          (local.set $called (i32.const 1))
          (br_if $adapter (i32.eqz (call $send-outcome (local.get $out) (local.get $row)))))
        (else
          ;; A list that is asked for with a cursor, or with anything else that it may depend on.
          (br_if $adapter (i32.ne (global.get $members) (i32.const 192)))
          (if (i32.load offset=32 (local.get $row))
            (then
              (br_if $adapter (i32.eqz (call $is-askable)))
              (call $call-core)
              (local.set $called (i32.const 1))
              (br_if $adapter (i32.eqz (call $send-outcome (local.get $out) (local.get $row)))))
            (else (br_if $adapter (i32.eqz (call $send-constant (local.get $out) (local.get $row))))))))
      (return))

    (local.set $head (global.get $heap))
    (call $line (local.get $method) (local.get $method-length))
    (call $line (local.get $path) (local.get $path-length))
    (call $line (local.get $authority) (local.get $authority-length))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (call $line (i32.load (local.get $fields)) (i32.load offset=4 (local.get $fields)))
        (call $latin-line (i32.load offset=8 (local.get $fields)) (i32.load offset=12 (local.get $fields)))
        (local.set $fields (i32.add (local.get $fields) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (if (local.get $called)
      (then
        (call $finish
          (local.get $head) (i32.sub (global.get $heap) (local.get $head))
          (local.get $content) (local.get $content-length)
          (i32.load8_u (i32.const 144))
          (i32.load (i32.const 148)) (i32.load (i32.const 152)) (i32.load (i32.const 156))
          (i32.load (i32.const 160)) (i32.load (i32.const 164)) (i32.load (i32.const 168))
          (i32.load (i32.const 172)) (i32.load (i32.const 176)) (i32.load (i32.const 180))
          (local.get $out)))
      (else
        (call $handle
          (local.get $head) (i32.sub (global.get $heap) (local.get $head))
          (local.get $case) (local.get $content) (local.get $content-length)
          (local.get $out)))))
)
