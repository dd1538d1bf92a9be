;; `tenon:adapter/environment`: the variables of the environment whose names start with "TENON_"; and `tenon:adapter/state-key`,
;; which is one of them. Written by hand, so that nothing else of the environment reaches JavaScript.
;;
;; Memory: 0 … 7 the list of variables, 8 … 19 the answer, 32 … 46 a name, whose begin all have, 4,096 … what is passed.
(module
  (import "tenon-wasi:cli/environment@0.2.0" "get-environment" (func $get-environment (param i32)))

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

  (func $is-equal (param $a i32) (param $b i32) (param $length i32) (result i32)
    (local $i i32)
    (block $end
      (loop $next
        (br_if $end (i32.eq (local.get $i) (local.get $length)))
        (if (i32.ne
              (i32.load8_u (i32.add (local.get $a) (local.get $i)))
              (i32.load8_u (i32.add (local.get $b) (local.get $i))))
          (then (return (i32.const 0))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (i32.const 1))

  ;; A variable is the address and length of its name, and of its value: 16 bytes.
  (func $get (export "tenon:adapter/environment@0.1.0#get") (param $name i32) (param $length i32) (result i32)
    (local $variable i32) (local $left i32)
    (i32.store8 (i32.const 8) (i32.const 0))
    (if (i32.lt_u (local.get $length) (i32.const 6)) (then (return (i32.const 8))))
    (if (i32.eqz (call $is-equal (local.get $name) (i32.const 32) (i32.const 6))) (then (return (i32.const 8))))
    (call $get-environment (i32.const 0))
    (local.set $variable (i32.load (i32.const 0)))
    (local.set $left (i32.load (i32.const 4)))
    (block $end
      (loop $next
        (br_if $end (i32.eqz (local.get $left)))
        (if (i32.eq (i32.load offset=4 (local.get $variable)) (local.get $length))
          (then
            (if (call $is-equal (i32.load (local.get $variable)) (local.get $name) (local.get $length))
              (then
                (i32.store8 (i32.const 8) (i32.const 1))
                (i32.store (i32.const 12) (i32.load offset=8 (local.get $variable)))
                (i32.store (i32.const 16) (i32.load offset=12 (local.get $variable)))
                (br $end)))))
        (local.set $variable (i32.add (local.get $variable) (i32.const 16)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 8))

  (func (export "tenon:adapter/state-key@0.1.0#get") (result i32)
    (call $get (i32.const 32) (i32.const 15)))

  (func $forget (export "cabi_post_tenon:adapter/environment@0.1.0#get") (param i32)
    (global.set $heap (i32.const 4096)))

  (func (export "cabi_post_tenon:adapter/state-key@0.1.0#get") (param i32)
    (call $forget (local.get 0))))
