;; Part of front.wat: the head of a request, as text for the adapter, and which heads are recognised.

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

  (func $lower-names (param $fields i32) (param $count i32)
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        (call $lower (i32.load (local.get $fields)) (i32.load offset=4 (local.get $fields)))
        (local.set $fields (i32.add (local.get $fields) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next))))

  ;; ---- Which heads are recognised.

  ;; True when there is nothing behind the path of the server but a query.
  (func $is-path (param $path i32) (param $length i32) (result i32)
    (local $own i32)
    (local.set $own (call $c-path-length))
    (if (i32.lt_u (local.get $length) (local.get $own)) (then (return (i32.const 0))))
    (if (i32.eqz (call $equal (local.get $path) (local.get $own) (call $c-path) (local.get $own)))
      (then (return (i32.const 0))))
    (if (i32.eq (local.get $length) (local.get $own)) (then (return (i32.const 1))))
    (i32.eq (i32.load8_u (i32.add (local.get $path) (local.get $own))) (i32.const 63)))

  ;; What of the head was recognised, as addresses and lengths; no length where it is absent.
  (global $version (mut i32) (i32.const 0))
  (global $version-length (mut i32) (i32.const 0))
  (global $stated (mut i32) (i32.const 0))
  (global $stated-length (mut i32) (i32.const 0))
  (global $named (mut i32) (i32.const 0))
  (global $named-length (mut i32) (i32.const 0))
  (global $credential (mut i32) (i32.const 0))
  (global $credential-length (mut i32) (i32.const 0))
  (global $trace (mut i32) (i32.const 0))
  (global $trace-length (mut i32) (i32.const 0))
  (global $state (mut i32) (i32.const 0))
  (global $state-length (mut i32) (i32.const 0))

  ;; Looks at the fields. True when nothing in them keeps the front from an answer of its own.
  (func $plain-fields (param $fields i32) (param $count i32) (result i32)
    (local $value i32) (local $length i32) (local $typed i32)
    (global.set $version-length (i32.const 0))
    (global.set $stated-length (i32.const 0))
    (global.set $named-length (i32.const 0))
    (global.set $credential-length (i32.const 0))
    (global.set $trace-length (i32.const 0))
    (global.set $state-length (i32.const 0))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $count)))
        ;; A name is a string to $is.
        (global.set $text (i32.load (local.get $fields)))
        (global.set $length (i32.load offset=4 (local.get $fields)))
        (local.set $value (i32.load offset=8 (local.get $fields)))
        (local.set $length (i32.load offset=12 (local.get $fields)))
        (local.set $fields (i32.add (local.get $fields) (i32.const 16)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (if (call $is (; "content-type" ;))
          (then
            (if (i32.or (local.get $typed)
                  (i32.eqz (call $equal (local.get $value) (local.get $length) (; "application/json" ;))))
              (then (return (i32.const 0))))
            (local.set $typed (i32.const 1))
            (br $next)))
        (if (i32.or (call $is (; "content-encoding" ;)) (call $is (; "origin" ;))) (then (return (i32.const 0))))
        (if (call $is (; "mcp-protocol-version" ;))
          (then
            (if (i32.or (global.get $version-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $version (local.get $value))
            (global.set $version-length (local.get $length))
            (br $next)))
        (if (call $is (; "mcp-method" ;))
          (then
            (if (i32.or (global.get $stated-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $stated (local.get $value))
            (global.set $stated-length (local.get $length))
            (br $next)))
        (if (call $is (; "mcp-name" ;))
          (then
            (if (i32.or (global.get $named-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $named (local.get $value))
            (global.set $named-length (local.get $length))
            (br $next)))
        (if (call $is (; "authorization" ;))
          (then
            (if (i32.or (global.get $credential-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $credential (local.get $value))
            (global.set $credential-length (local.get $length))
            (br $next)))
        (if (call $is (; "traceparent" ;))
          (then
            (if (i32.or (global.get $trace-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $trace (local.get $value))
            (global.set $trace-length (local.get $length))
            (br $next)))
        (if (call $is (; "tracestate" ;))
          (then
            (if (i32.or (global.get $state-length) (i32.eqz (call $is-visible (local.get $value) (local.get $length))))
              (then (return (i32.const 0))))
            (global.set $state (local.get $value))
            (global.set $state-length (local.get $length))
            (br $next)))
        (br $next)))
    (local.get $typed))

  ;; True for printable ASCII, and some of it.
  (func $is-visible (param $from i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $yes
      (loop $next
        (br_if $yes (i32.ge_u (local.get $from) (local.get $end)))
        (if (i32.gt_u (i32.sub (i32.load8_u (local.get $from)) (i32.const 32)) (i32.const 94)) (then (return (i32.const 0))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (i32.ne (local.get $length) (i32.const 0)))

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
