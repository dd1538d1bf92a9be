;; In front of the adapter, without an engine. It reads a request, answers the ones whose answers are constants, and hands
;; every other one to the adapter as text. src/bundle/front.ts puts the constants and front-message.wat in and makes a component
;; of it.
;;
;; What it answers it recognises exactly: another spelling of the same request goes to the adapter, whose answer is the same.
;;
;; Memory: 0 … 63 results of imports, 64 … texts, 1,024 … keys of open JSON objects, 4,096 … constants of the bundle, behind them
;; what the host passes. The constants begin with words, which $c-… name.
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
  (import "tenon-wasi:http/types@0.2.0" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func $drop-output (param i32)))
  (import "tenon-wasi:http/types@0.2.0" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "tenon-wasi:http/types@0.2.0" "[resource-drop]outgoing-body" (func $drop-outgoing (param i32)))

  (import "tenon:front/exchange@0.1.0" "handle" (func $handle (param i32 i32 i32 i32 i32 i32)))

  (memory (export "memory") (; pages ;) 1)
  ;; Methods of wasi:http by their number: 8 bytes each, the length last.
  (data (i32.const 64) "GET\00\00\00\00\03HEAD\00\00\00\04POST\00\00\00\04PUT\00\00\00\00\03DELETE\00\06CONNECT\07OPTIONS\07TRACE\00\00\05PATCH\00\00\05")
  (data (i32.const 144) "content-type")                                   ;; 12
  (data (i32.const 160) "application/json")                               ;; 16
  (data (i32.const 176) "content-encoding")                               ;; 16
  (data (i32.const 192) "origin")                                         ;; 6
  (data (i32.const 208) "mcp-protocol-version")                           ;; 20
  (data (i32.const 232) "mcp-method")                                     ;; 10
  (data (i32.const 248) "content-length")                                 ;; 14
  (data (i32.const 264) "jsonrpc")                                        ;; 7
  (data (i32.const 272) "id")                                             ;; 2
  (data (i32.const 276) "method")                                         ;; 6
  (data (i32.const 284) "params")                                         ;; 6
  (data (i32.const 292) "2.0")                                            ;; 3
  (data (i32.const 296) "_meta")                                          ;; 5
  (data (i32.const 304) "__proto__")                                      ;; 9
  (data (i32.const 320) "io.modelcontextprotocol/protocolVersion")        ;; 39
  (data (i32.const 368) "io.modelcontextprotocol/clientCapabilities")     ;; 42
  (data (i32.const 416) "io.modelcontextprotocol/clientInfo")             ;; 34
  (data (i32.const 464) "io.modelcontextprotocol/logLevel")               ;; 32
  (data (i32.const 512) "true")
  (data (i32.const 516) "false")
  (data (i32.const 524) "null")
  (data (i32.const 532) "/")
  (; constants ;)

  ;; True where the client went away before the end of the content.
  (global $unreadable (mut i32) (i32.const 0))
  ;; End of what was allocated.
  (global $heap (mut i32) (i32.const 0))

  ;; What of the head was recognised, as addresses and lengths.
  (global $version (mut i32) (i32.const 0))
  (global $version-length (mut i32) (i32.const 0))
  (global $stated (mut i32) (i32.const 0))
  (global $stated-length (mut i32) (i32.const 0))

  (func $c-path (result i32) (i32.load (i32.const 4096)))
  (func $c-path-length (result i32) (i32.load (i32.const 4100)))
  (func $c-limit (result i32) (i32.load (i32.const 4104)))
  (func $c-any-host (result i32) (i32.load (i32.const 4108)))
  (func $c-hosts (result i32) (i32.load (i32.const 4112)))
  (func $c-host-count (result i32) (i32.load (i32.const 4116)))
  (func $c-answers (result i32) (i32.load (i32.const 4120)))
  (func $c-answer-count (result i32) (i32.load (i32.const 4124)))
  (func $c-heap (result i32) (i32.load (i32.const 4128)))

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
    (block $same
      (loop $next
        (br_if $same (i32.eqz (local.get $a-length)))
        (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $a-length (i32.sub (local.get $a-length) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  ;; ---- The head as text. It is written behind everything allocated, and nothing is allocated meanwhile but by $room.

  (func $room (param $size i32) (result i32)
    (call $allocate (i32.const 0) (i32.const 0) (i32.const 1) (local.get $size)))

  ;; A line of bytes that are ASCII or UTF-8 already.
  (func $line (param $from i32) (param $length i32)
    (local $to i32)
    (local.set $to (call $room (i32.add (local.get $length) (i32.const 1))))
    (memory.copy (local.get $to) (local.get $from) (local.get $length))
    (i32.store8 (i32.add (local.get $to) (local.get $length)) (i32.const 10)))

  ;; A line with one character for each byte.
  (func $latin-line (param $from i32) (param $length i32)
    (local $to i32) (local $c i32) (local $end i32)
    (local.set $to (call $room (i32.add (i32.shl (local.get $length) (i32.const 1)) (i32.const 1))))
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (local.set $c (i32.load8_u (local.get $from)))
        (if (i32.ge_u (local.get $c) (i32.const 0x80))
          (then
            (i32.store8 (local.get $to) (i32.or (i32.const 0xc0) (i32.shr_u (local.get $c) (i32.const 6))))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $c (i32.or (i32.const 0x80) (i32.and (local.get $c) (i32.const 0x3f))))))
        (i32.store8 (local.get $to) (local.get $c))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (i32.store8 (local.get $to) (i32.const 10))
    (global.set $heap (i32.add (local.get $to) (i32.const 1))))

  (func $lower (param $from i32) (param $length i32)
    (local $c i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (local.set $c (i32.load8_u (local.get $from)))
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 65)) (i32.const 26))
          (then (i32.store8 (local.get $from) (i32.or (local.get $c) (i32.const 32)))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next))))

  ;; ---- Which heads are recognised.

  ;; Looks at the fields. True when nothing in them keeps the request from a constant answer.
  (func $plain-fields (param $fields i32) (param $count i32) (result i32)
    (local $name i32) (local $name-length i32) (local $value i32) (local $value-length i32) (local $typed i32)
    (global.set $version-length (i32.const 0))
    (global.set $stated-length (i32.const 0))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (local.set $name (i32.load (local.get $fields)))
        (local.set $name-length (i32.load offset=4 (local.get $fields)))
        (local.set $value (i32.load offset=8 (local.get $fields)))
        (local.set $value-length (i32.load offset=12 (local.get $fields)))
        (local.set $fields (i32.add (local.get $fields) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (if (call $equal (local.get $name) (local.get $name-length) (i32.const 144) (i32.const 12))
          (then
            (if (i32.or (local.get $typed)
                  (i32.eqz (call $equal (local.get $value) (local.get $value-length) (i32.const 160) (i32.const 16))))
              (then (return (i32.const 0))))
            (local.set $typed (i32.const 1))
            (br $next)))
        (if (i32.or
              (call $equal (local.get $name) (local.get $name-length) (i32.const 176) (i32.const 16))
              (call $equal (local.get $name) (local.get $name-length) (i32.const 192) (i32.const 6)))
          (then (return (i32.const 0))))
        ;; "mcp-"
        (br_if $next (i32.lt_u (local.get $name-length) (i32.const 4)))
        (br_if $next (i32.ne (i32.load (local.get $name)) (i32.const 0x2d70636d)))
        (if (i32.eqz (local.get $value-length)) (then (return (i32.const 0))))
        (if (call $equal (local.get $name) (local.get $name-length) (i32.const 208) (i32.const 20))
          (then
            (if (global.get $version-length) (then (return (i32.const 0))))
            (global.set $version (local.get $value))
            (global.set $version-length (local.get $value-length))
            (br $next)))
        (if (call $equal (local.get $name) (local.get $name-length) (i32.const 232) (i32.const 10))
          (then
            (if (global.get $stated-length) (then (return (i32.const 0))))
            (global.set $stated (local.get $value))
            (global.set $stated-length (local.get $value-length))
            (br $next)))
        (return (i32.const 0))))
    (local.get $typed))

  ;; True for an allowed host, written as it was allowed. A row is its address, its length, and whether a port may follow.
  (func $allowed-host (param $host i32) (param $length i32) (result i32)
    (local $row i32) (local $left i32) (local $n i32)
    (if (call $c-any-host) (then (return (i32.const 1))))
    (local.set $row (call $c-hosts))
    (local.set $left (call $c-host-count))
    (block $no
      (loop $next
        (br_if $no (i32.eqz (local.get $left)))
        (local.set $n (i32.load offset=4 (local.get $row)))
        (if (i32.ge_u (local.get $length) (local.get $n))
          (then
            (if (call $equal (local.get $host) (local.get $n) (i32.load (local.get $row)) (local.get $n))
              (then
                (if (i32.eq (local.get $length) (local.get $n)) (then (return (i32.const 1))))
                (if (i32.load offset=8 (local.get $row))
                  (then
                    (if (call $is-port
                          (i32.add (local.get $host) (local.get $n))
                          (i32.sub (local.get $length) (local.get $n)))
                      (then (return (i32.const 1))))))))))
        (local.set $row (i32.add (local.get $row) (i32.const 12)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; A colon and 1 to 5 digits, at most 65535.
  (func $is-port (param $from i32) (param $length i32) (result i32)
    (local $value i32) (local $digit i32)
    (if (i32.or (i32.lt_u (local.get $length) (i32.const 2)) (i32.gt_u (local.get $length) (i32.const 6)))
      (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u (local.get $from)) (i32.const 58)) (then (return (i32.const 0))))
    (block $end
      (loop $next
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br_if $end (i32.eqz (local.get $length)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $digit (i32.sub (i32.load8_u (local.get $from)) (i32.const 48)))
        (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i32.const 0))))
        (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10)) (local.get $digit)))
        (br $next)))
    (i32.le_u (local.get $value) (i32.const 65535)))

  (; message ;)

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

  ;; ---- The answer.

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

  ;; ---- A request.

  ;; True when bytes are UTF-8: no surrogate, no longer form than needed, nothing above U+10FFFF.
  (func $is-utf8 (param $at i32) (param $length i32) (result i32)
    (local $end i32) (local $c i32) (local $n i32) (local $code i32) (local $least i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $yes
      (loop $next
        (br_if $yes (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.le_u (i32.add (local.get $at) (i32.const 8)) (local.get $end))
          (then
            (if (i64.eqz (i64.and (i64.load align=1 (local.get $at)) (i64.const 0x8080808080808080)))
              (then (local.set $at (i32.add (local.get $at) (i32.const 8))) (br $next)))))
        (local.set $c (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $c) (i32.const 0x80)))
        (if (i32.or (i32.lt_u (local.get $c) (i32.const 0xc2)) (i32.gt_u (local.get $c) (i32.const 0xf4)))
          (then (return (i32.const 0))))
        (local.set $n (i32.const 1))
        (local.set $least (i32.const 0x80))
        (local.set $code (i32.and (local.get $c) (i32.const 0x1f)))
        (if (i32.ge_u (local.get $c) (i32.const 0xe0))
          (then
            (local.set $n (i32.const 2))
            (local.set $least (i32.const 0x800))
            (local.set $code (i32.and (local.get $c) (i32.const 0x0f)))))
        (if (i32.ge_u (local.get $c) (i32.const 0xf0))
          (then
            (local.set $n (i32.const 3))
            (local.set $least (i32.const 0x10000))
            (local.set $code (i32.and (local.get $c) (i32.const 0x07)))))
        (if (i32.gt_u (local.get $n) (i32.sub (local.get $end) (local.get $at))) (then (return (i32.const 0))))
        (loop $more
          (local.set $c (i32.load8_u (local.get $at)))
          (if (i32.ne (i32.and (local.get $c) (i32.const 0xc0)) (i32.const 0x80)) (then (return (i32.const 0))))
          (local.set $code (i32.or (i32.shl (local.get $code) (i32.const 6)) (i32.and (local.get $c) (i32.const 0x3f))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $more (local.get $n)))
        (if (i32.or
              (i32.or (i32.lt_u (local.get $code) (local.get $least)) (i32.gt_u (local.get $code) (i32.const 0x10ffff)))
              (i32.eq (i32.and (local.get $code) (i32.const 0x1ff800)) (i32.const 0xd800)))
          (then (return (i32.const 0))))
        (br $next)))
    (i32.const 1))

  ;; True when there is nothing behind the path of the server but a query.
  (func $is-path (param $path i32) (param $length i32) (result i32)
    (local $own i32)
    (local.set $own (call $c-path-length))
    (if (i32.lt_u (local.get $length) (local.get $own)) (then (return (i32.const 0))))
    (if (i32.eqz (call $equal (local.get $path) (local.get $own) (call $c-path) (local.get $own)))
      (then (return (i32.const 0))))
    (if (i32.eq (local.get $length) (local.get $own)) (then (return (i32.const 1))))
    (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $own))) (i32.const 63)))

  ;; Reads the content to its end, or to one byte more than is allowed.
  (func $read-content (param $request i32)
    (local $body i32) (local $stream i32) (local $left i32)
    (call $consume (local.get $request) (i32.const 0))
    (local.set $body (i32.load (i32.const 4)))
    (call $stream (local.get $body) (i32.const 0))
    (local.set $stream (i32.load (i32.const 4)))
    (local.set $left (i32.add (call $c-limit) (i32.const 1)))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $left)))
        (call $read (local.get $stream)
          (i64.extend_i32_u (select (local.get $left) (i32.const 65536) (i32.lt_u (local.get $left) (i32.const 65536))))
          (i32.const 0))
        (if (i32.load8_u (i32.const 0))
          (then
            (if (i32.load8_u (i32.const 4)) (then (br $end)))
            (call $drop-error (i32.load (i32.const 8)))
            (global.set $unreadable (i32.const 1))
            (br $end)))
        (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 8))))
        (br $next)))
    (call $drop-stream (local.get $stream))
    (call $drop-body (local.get $body)))

  (func (export "tenon-wasi:http/incoming-handler@0.2.0#handle") (param $request i32) (param $out i32)
    (local $method i32) (local $method-length i32) (local $path i32) (local $path-length i32)
    (local $authority i32) (local $authority-length i32) (local $handle i32) (local $fields i32) (local $count i32)
    (local $content i32) (local $content-length i32) (local $case i32) (local $head i32) (local $row i32) (local $ours i32)
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
    (local.set $path (select (i32.load (i32.const 20)) (i32.const 532) (i32.load8_u (i32.const 16))))
    (local.set $path-length (select (i32.load (i32.const 24)) (i32.const 1) (i32.load8_u (i32.const 16))))
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

    (block $adapter
      (br_if $adapter (i32.eqz (call $c-answer-count)))
      (br_if $adapter (i32.eqz (local.get $ours)))
      (br_if $adapter (i32.ne (local.get $path-length) (call $c-path-length)))
      (br_if $adapter (i32.eqz (call $allowed-host (local.get $authority) (local.get $authority-length))))
      (br_if $adapter (i32.eqz (call $plain-fields (local.get $fields) (local.get $count))))
      (br_if $adapter (global.get $unreadable))
      (br_if $adapter (i32.gt_u (local.get $content-length) (call $c-limit)))
      (br_if $adapter (i32.eqz (call $message (local.get $content) (local.get $content-length))))
      ;; Messages that describe themselves name their method in the head as well; of others the field says nothing.
      (if (global.get $modern)
        (then
          (br_if $adapter (i32.eqz
            (call $equal (global.get $stated) (global.get $stated-length) (global.get $called) (global.get $called-length)))))
        (else (br_if $adapter (global.get $stated-length))))
      (local.set $row (call $find-answer))
      (br_if $adapter (i32.eqz (local.get $row)))
      (call $answer (local.get $out) (local.get $row))
      (return))

    (if (i32.gt_u (local.get $content-length) (call $c-limit))
      (then (local.set $case (i32.const 1)))
      (else
        (if (i32.eqz (call $is-utf8 (local.get $content) (local.get $content-length)))
          (then (local.set $case (i32.const 2))))))
    (if (global.get $unreadable) (then (local.set $case (i32.const 3))))
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
    (call $handle
      (local.get $head) (i32.sub (global.get $heap) (local.get $head))
      (local.get $case) (local.get $content) (local.get $content-length)
      (local.get $out)))

  (func $lower-names (param $fields i32) (param $count i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (call $lower (i32.load (local.get $fields)) (i32.load offset=4 (local.get $fields)))
        (local.set $fields (i32.add (local.get $fields) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))))
