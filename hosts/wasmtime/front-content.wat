;; Part of front.wat: the content of a request.

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
