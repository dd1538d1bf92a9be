;; `tenon:adapter/environment` from variables of the application, which Spin names in lower case; and `tenon:adapter/state-key`,
;; which is one of them. Written by hand, so that no other variable reaches JavaScript.
;;
;; Memory: 0 … 15 the result of the import, 16 … 27 the answer, 32 … 46 a name, whose begin all have, 64 … 1,087 a name in lower
;; case, 4,096 … what the host passes.
(module
  (import "tenon-wasi:config/store@0.2.0-draft-2024-09-27" "get" (func $get-variable (param i32 i32 i32)))

  (memory (export "memory") 1)
  (data (i32.const 32) "TENON_STATE_KEY")                  ;; 15, and 6 of them

  ;; End of what is passed.
  (global $heap (mut i32) (i32.const 4096))

  ;; All of it is forgotten once the answer was taken.
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32) (local $end i64) (local $have i64)
    (local.set $start (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (local.set $end (i64.add (i64.extend_i32_u (local.get $start)) (i64.extend_i32_u (local.get $size))))
    (local.set $have (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (if (i64.gt_u (local.get $end) (local.get $have))
      (then
        (if (i32.eq
              (memory.grow
                (i32.wrap_i64
                  (i64.shr_u (i64.add (i64.sub (local.get $end) (local.get $have)) (i64.const 65535)) (i64.const 16))))
              (i32.const -1))
          (then unreachable))))
    (global.set $heap (i32.wrap_i64 (local.get $end)))
    (local.get $start))

  (func $get (export "tenon:adapter/environment@0.1.0#get") (param $name i32) (param $length i32) (result i32)
    (local $i i32) (local $byte i32)
    (i32.store8 (i32.const 16) (i32.const 0))
    (if (i32.lt_u (local.get $length) (i32.const 6)) (then (return (i32.const 16))))
    (if (i32.gt_u (local.get $length) (i32.const 1024)) (then (return (i32.const 16))))
    (loop $next
      (local.set $byte (i32.load8_u (i32.add (local.get $name) (local.get $i))))
      (if (i32.lt_u (local.get $i) (i32.const 6))
        (then
          (if (i32.ne (local.get $byte) (i32.load8_u (i32.add (i32.const 32) (local.get $i))))
            (then (return (i32.const 16))))))
      (if (i32.le_u (i32.sub (local.get $byte) (i32.const 65)) (i32.const 25))
        (then (local.set $byte (i32.add (local.get $byte) (i32.const 32)))))
      (i32.store8 (i32.add (i32.const 64) (local.get $i)) (local.get $byte))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
    (call $get-variable (i32.const 64) (local.get $length) (i32.const 0))
    ;; What holds the values does not answer: a server that took that for a missing one would run with other settings.
    (if (i32.load8_u (i32.const 0)) (then unreachable))
    (i32.store8 (i32.const 16) (i32.load8_u (i32.const 4)))
    (i32.store (i32.const 20) (i32.load (i32.const 8)))
    (i32.store (i32.const 24) (i32.load (i32.const 12)))
    (i32.const 16))

  (func (export "tenon:adapter/state-key@0.1.0#get") (result i32)
    (call $get (i32.const 32) (i32.const 15)))

  (func $forget (export "cabi_post_tenon:adapter/environment@0.1.0#get") (param i32)
    (global.set $heap (i32.const 4096)))

  (func (export "cabi_post_tenon:adapter/state-key@0.1.0#get") (param i32)
    (call $forget (local.get 0))))
