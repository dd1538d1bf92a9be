;; `tenon:fastly/generations`: passes the 64 bits of a generation on to `fastly:compute/kv-store` whole. Written by hand,
;; because the engine of the other services would round them.
;;
;; Memory: 0 … 7 a generation, 16 … 39 the result of an insert, 4,096 … the arguments of the call in flight.
(module
  (import "fastly:compute/kv-store@0.1.0" "[method]entry.generation" (func $generation (param i32) (result i64)))
  (import "fastly:compute/kv-store@0.1.0" "[method]store.insert-async"
    (func $insert (param i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "fastly:compute/kv-store@0.1.0" "[resource-drop]entry" (func $drop-entry (param i32)))
  (import "fastly:compute/kv-store@0.1.0" "[resource-drop]store" (func $drop-store (param i32)))

  (memory (export "memory") 1)
  ;; End of the arguments.
  (global $heap (mut i32) (i32.const 4096))

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

  (func (export "tenon:fastly/generations@0.1.0#read") (param $entry i32) (result i32)
    (local $generation i64)
    (local.set $generation (call $generation (local.get $entry)))
    (call $drop-entry (local.get $entry))
    (i32.store (i32.const 0) (i32.wrap_i64 (i64.shr_u (local.get $generation) (i64.const 32))))
    (i32.store (i32.const 4) (i32.wrap_i64 (local.get $generation)))
    (i32.const 0))

  (func (export "tenon:fastly/generations@0.1.0#insert")
    (param $store i32) (param $key i32) (param $key-length i32) (param $body i32) (param $upper i32) (param $lower i32)
    (param $has-metadata i32) (param $metadata i32) (param $metadata-length i32) (param $has-time i32) (param $time i32)
    (result i32)
    (call $insert
      (local.get $store) (local.get $key) (local.get $key-length) (local.get $body)
      (i32.const 0)                                        ;; background-fetch: no
      (i32.const 1)                                        ;; if-generation-match: some
      (i64.or
        (i64.shl (i64.extend_i32_u (local.get $upper)) (i64.const 32))
        (i64.extend_i32_u (local.get $lower)))
      (local.get $has-metadata) (local.get $metadata) (local.get $metadata-length)
      (local.get $has-time) (local.get $time)
      (i32.const 0)                                        ;; mode: overwrite
      (i32.const 0) (i32.const 0)                          ;; extra: none
      (i32.const 16))
    (call $drop-store (local.get $store))
    (i32.const 16))

  (func (export "cabi_post_tenon:fastly/generations@0.1.0#insert") (param i32)
    (global.set $heap (i32.const 4096))))
