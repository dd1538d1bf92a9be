;; `tenon:adapter/state-key` from the secret TENON_STATE_KEY of the secret store "tenon_secrets". Written by hand, so that no
;; other secret reaches JavaScript.
;;
;; Memory: 0 … 23 results of imports, 24 … 35 the answer, 64 … constants, 4,096 … what the host passes.
(module
  (import "fastly:compute/secret-store@0.1.0" "[static]store.open" (func $open (param i32 i32 i32)))
  (import "fastly:compute/secret-store@0.1.0" "[method]store.get" (func $get (param i32 i32 i32 i32)))
  (import "fastly:compute/secret-store@0.1.0" "[method]secret.plaintext" (func $plaintext (param i32 i64 i32)))

  (memory (export "memory") 2)
  (data (i32.const 64) "tenon_secrets")                    ;; 13
  (data (i32.const 80) "TENON_STATE_KEY")                  ;; 15

  ;; The host passes one thing: a plaintext, which fits.
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (if (i32.gt_u (local.get $size) (i32.const 65536)) (then unreachable))
    (i32.const 4096))

  ;; A key is ASCII. What has other bytes may be no text at all, and is passed on as an empty key, which is refused.
  (func $ascii-length (param $at i32) (param $length i32) (result i32)
    (local $end i32) (local $i i32)
    (local.set $i (local.get $at))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $i) (local.get $end)))
        (if (i32.ge_u (i32.load8_u (local.get $i)) (i32.const 128)) (then (return (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $length))

  ;; Failures leave the answer at none: a server that cannot read its key must not ask.
  (func (export "tenon:adapter/state-key@0.1.0#get") (result i32)
    (i32.store8 (i32.const 24) (i32.const 0))
    (call $open (i32.const 64) (i32.const 13) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then (return (i32.const 24))))
    (call $get (i32.load (i32.const 4)) (i32.const 80) (i32.const 15) (i32.const 0))
    (if (i32.or (i32.load8_u (i32.const 0)) (i32.eqz (i32.load8_u (i32.const 8)))) (then (return (i32.const 24))))
    (call $plaintext (i32.load (i32.const 12)) (i64.const 65536) (i32.const 0))
    (if (i32.load8_u (i32.const 0)) (then (return (i32.const 24))))
    (i32.store8 (i32.const 24) (i32.const 1))
    (i32.store (i32.const 28) (i32.load (i32.const 8)))
    (i32.store (i32.const 32) (call $ascii-length (i32.load (i32.const 8)) (i32.load (i32.const 12))))
    (i32.const 24)))
