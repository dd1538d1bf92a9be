;; `tenon:host/kv` in the memory of one instance, for hosts that have no store: what is kept ends with the instance. Written by
;; hand, so that counting a request costs no JavaScript engine.
;;
;; Memory: 0 … 23 the result, 32 … 43 the time, 48 … 80 a version as text, 96 … 119 a number as text, 128 … failures of 64 bytes
;; each (the case, the length, the text), 1,024 … a page of a list, 12,288 … addresses of entries in the order of the UTF-8 bytes of
;; their keys, 65,536 … granted prefixes (the length, the text), HEAP … entries, behind them what is passed. A memory that is larger than
;; what is kept costs each new instance more than all else here.
;;
;; An entry: 0 its bytes, 4 its place in the order while entries are moved (-1 for one that was removed), 8 when it expires in
;; milliseconds since 1970 (0: never), 16 what its version counts, 24 the length of its key, 28 of its value, 32 … both.
(module
  (import "tenon-wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $get-random-u64 (result i64)))

  (memory (export "memory") PAGES)
  (data (i32.const 128) "\00\17no grant covers the key")
  (data (i32.const 192) "\00\1dthese keys are the host's own")
  (data (i32.const 256) "\03\10the key is empty")
  (data (i32.const 320) "\02\1fthe key has more than 512 bytes")
  (data (i32.const 384) "\02\25the value has more than 1048576 bytes")
  (data (i32.const 448) "\02\18the store has 10000 keys")
  (data (i32.const 512) "\02\2dthe store would have more than 16777216 bytes")
  (data (i32.const 576) "\03\1dttl-seconds is not at least 1")
  (data (i32.const 640) "\03\16limit is not 1 to 1000")
  (data (i32.const 704) "\03\31delta is not a whole number within ±(2^53 − 1)")
  (data (i32.const 768) "\03\35the value is not a whole number within ±(2^53 − 1)")
  (data (i32.const 832) "\03\24the sum is not within ±(2^53 − 1)")
  (data (i32.const 896) "\00tenon/")                        ;; 7: what keys of hosts begin with
  (data (i32.const 912) "0123456789abcdef")
  (data (i32.const 65536) "PREFIXES")
  (global $prefix-count i32 (i32.const COUNT))

  (global $max-keys i32 (i32.const 10000))
  ;; Bytes that entries may have together. There is half as much room again, so that they are not moved for each that is written.
  (global $max-bytes i32 (i32.const 16777216))
  (global $heap i32 (i32.const HEAP))
  ;; Where entries end at the latest.
  (global $heap-end i32 (i32.const ENTRIES_END))

  (global $count (mut i32) (i32.const 0))
  (global $used (mut i32) (i32.const 0))
  ;; Where the next entry goes.
  (global $top (mut i32) (i32.const HEAP))
  ;; End of what was passed for the call to come, 0 before there is any.
  (global $passed (mut i32) (i32.const 0))
  ;; End of what was passed for the call in flight.
  (global $given (mut i32) (i32.const 0))
  ;; Where $find found a key in the order, or where it belongs.
  (global $slot (mut i32) (i32.const 0))
  ;; Of the call in flight, in milliseconds since 1970.
  (global $time (mut i64) (i64.const 0))
  (global $written (mut i64) (i64.const 0))
  ;; What versions of this instance begin with: one of another instance must not match by chance.
  (global $epoch (mut i64) (i64.const 0))

  ;; Arguments are forgotten when their call ends, and may be as long as a caller makes them.
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32)
    (local.set $start
      (i32.and
        (i32.add
          (select (global.get $passed) (global.get $top) (i32.gt_u (global.get $passed) (global.get $top)))
          (i32.const 7))
        (i32.const -8)))
    (global.set $passed (call $reach (local.get $start) (local.get $size)))
    (memory.copy (local.get $start) (local.get $old) (local.get $old-size))
    (local.get $start))

  ;; Has the memory reach behind $size bytes at $start, and gives where that is.
  (func $reach (param $start i32) (param $size i32) (result i32)
    (local $end i64) (local $have i64)
    (local.set $end (i64.add (i64.extend_i32_u (local.get $start)) (i64.extend_i32_u (local.get $size))))
    (local.set $have (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
    (if (i64.gt_u (local.get $end) (i64.const 0x10000000)) (then unreachable))
    (if (i64.gt_u (local.get $end) (local.get $have))
      (then
        (if (i32.eq
              (memory.grow
                (i32.wrap_i64 (i64.shr_u (i64.add (i64.sub (local.get $end) (local.get $have)) (i64.const 65535)) (i64.const 16))))
              (i32.const -1))
          (then unreachable))))
    (i32.wrap_i64 (local.get $end)))

  (func $begin
    (call $now (i32.const 32))
    (global.set $time
      (i64.add
        (i64.mul (i64.load (i32.const 32)) (i64.const 1000))
        (i64.extend_i32_u (i32.div_u (i32.load (i32.const 40)) (i32.const 1000000)))))
    (global.set $given (global.get $passed))
    (global.set $passed (i32.const 0)))

  ;; The result of a call: a failure, whose case stands at $at.
  (func $fail (param $at i32) (param $failure i32) (result i32)
    (i32.store8 (i32.const 0) (i32.const 1))
    (i32.store8 (local.get $at) (i32.load8_u (local.get $failure)))
    (i32.store offset=4 (local.get $at) (i32.add (local.get $failure) (i32.const 2)))
    (i32.store offset=8 (local.get $at) (i32.load8_u offset=1 (local.get $failure)))
    (i32.const 0))

  ;; Less than 0 when $a comes first, 0 when they are equal.
  (func $compare (param $a i32) (param $a-length i32) (param $b i32) (param $b-length i32) (result i32)
    (local $end i32) (local $difference i32)
    (local.set $end
      (i32.add (local.get $a)
        (select (local.get $a-length) (local.get $b-length) (i32.lt_u (local.get $a-length) (local.get $b-length)))))
    (block $same
      (loop $next
        (br_if $same (i32.eq (local.get $a) (local.get $end)))
        (local.set $difference (i32.sub (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
        (if (local.get $difference) (then (return (local.get $difference))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (br $next)))
    (i32.sub (local.get $a-length) (local.get $b-length)))

  (func $starts-with (param $text i32) (param $length i32) (param $prefix i32) (param $prefix-length i32) (result i32)
    (if (i32.lt_u (local.get $length) (local.get $prefix-length)) (then (return (i32.const 0))))
    (i32.eqz (call $compare (local.get $text) (local.get $prefix-length) (local.get $prefix) (local.get $prefix-length))))

  ;; A failure unless a granted prefix covers the key, or the prefix of keys, and it is none of the host's.
  (func $check-grant (param $key i32) (param $length i32) (result i32)
    (local $prefix i32) (local $left i32)
    (if (call $starts-with (local.get $key) (local.get $length) (i32.const 896) (i32.const 7))
      (then (return (i32.const 192))))
    (local.set $prefix (i32.const 65536))
    (local.set $left (global.get $prefix-count))
    (block $none
      (loop $next
        (br_if $none (i32.eqz (local.get $left)))
        (if (call $starts-with
              (local.get $key) (local.get $length)
              (i32.add (local.get $prefix) (i32.const 4)) (i32.load (local.get $prefix)))
          (then (return (i32.const 0))))
        (local.set $prefix (i32.add (i32.add (local.get $prefix) (i32.const 4)) (i32.load (local.get $prefix))))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 128))

  (func $check-key (param $key i32) (param $length i32) (result i32)
    (if (i32.eqz (local.get $length)) (then (return (i32.const 256))))
    (if (i32.gt_u (local.get $length) (i32.const 512)) (then (return (i32.const 320))))
    (call $check-grant (local.get $key) (local.get $length)))

  ;; When what is written now expires; -1 when it cannot live that long.
  (func $expiry (param $given i32) (param $seconds i32) (result i64)
    (if (i32.eqz (local.get $given)) (then (return (i64.const 0))))
    (if (i32.eqz (local.get $seconds)) (then (return (i64.const -1))))
    (i64.add (global.get $time) (i64.mul (i64.extend_i32_u (local.get $seconds)) (i64.const 1000))))

  (; instance-kv-entries.wat ;)
  (; instance-kv-text.wat ;)

  ;; It swaps, is not persistent, and is strongly consistent.
  (func (export "tenon:host/kv@0.1.0#get-features") (result i32)
    (i32.store (i32.const 0) (i32.const 1))
    (i32.const 0))

  (func (export "tenon:host/kv@0.1.0#get") (param $key i32) (param $length i32) (result i32)
    (local $failure i32) (local $entry i32)
    (call $begin)
    (local.set $failure (call $check-key (local.get $key) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    (local.set $entry (call $find-live (local.get $key) (local.get $length)))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store8 (i32.const 4) (i32.ne (local.get $entry) (i32.const 0)))
    (if (local.get $entry)
      (then
        (call $version-of (local.get $entry))
        (i32.store (i32.const 8) (call $value-of (local.get $entry)))
        (i32.store (i32.const 12) (i32.load offset=28 (local.get $entry)))
        (i32.store (i32.const 16) (i32.const 48))
        (i32.store (i32.const 20) (i32.const 33))))
    (i32.const 0))

  (func (export "tenon:host/kv@0.1.0#set")
    (param $key i32) (param $length i32) (param $value i32) (param $value-length i32) (param $has-ttl i32) (param $ttl i32)
    (result i32)
    (local $failure i32) (local $expires i64)
    (call $begin)
    (local.set $failure (call $check-key (local.get $key) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    (local.set $expires (call $expiry (local.get $has-ttl) (local.get $ttl)))
    (if (i64.eq (local.get $expires) (i64.const -1)) (then (return (call $fail (i32.const 4) (i32.const 576)))))
    (local.set $failure
      (call $write (local.get $key) (local.get $length) (local.get $value) (local.get $value-length) (local.get $expires)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.const 0))

  (func (export "tenon:host/kv@0.1.0#delete") (param $key i32) (param $length i32) (result i32)
    (local $failure i32) (local $entry i32)
    (call $begin)
    (local.set $failure (call $check-key (local.get $key) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    (local.set $entry (call $find (local.get $key) (local.get $length)))
    (if (local.get $entry)
      (then
        (call $free (local.get $entry))
        (call $shift (i32.add (global.get $slot) (i32.const 1)) (global.get $slot))))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.const 0))

  (func (export "tenon:host/kv@0.1.0#swap")
    (param $key i32) (param $length i32) (param $has-version i32) (param $version i32) (param $version-length i32)
    (param $value i32) (param $value-length i32) (param $has-ttl i32) (param $ttl i32)
    (result i32)
    (local $failure i32) (local $entry i32) (local $expires i64) (local $matches i32)
    (call $begin)
    (local.set $failure (call $check-key (local.get $key) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    (local.set $expires (call $expiry (local.get $has-ttl) (local.get $ttl)))
    (if (i64.eq (local.get $expires) (i64.const -1)) (then (return (call $fail (i32.const 4) (i32.const 576)))))
    (local.set $entry (call $find-live (local.get $key) (local.get $length)))
    (if (i32.and (i32.ne (local.get $entry) (i32.const 0)) (local.get $has-version))
      (then
        (call $version-of (local.get $entry))
        (local.set $matches
          (i32.eqz (call $compare (i32.const 48) (i32.const 33) (local.get $version) (local.get $version-length)))))
      (else (local.set $matches (i32.eqz (i32.or (local.get $entry) (local.get $has-version))))))
    (if (local.get $matches)
      (then
        (local.set $failure
          (call $write (local.get $key) (local.get $length) (local.get $value) (local.get $value-length) (local.get $expires)))
        (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store8 (i32.const 4) (local.get $matches))
    (i32.const 0))

  (func (export "tenon:host/kv@0.1.0#increment")
    (param $key i32) (param $length i32) (param $delta f64) (param $has-ttl i32) (param $ttl i32)
    (result i32)
    (local $failure i32) (local $entry i32) (local $expires i64) (local $sum i64) (local $text i32)
    (call $begin)
    (local.set $failure (call $check-key (local.get $key) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 8) (local.get $failure)))))
    ;; Also false for what is no number.
    (if (i32.eqz
          (i32.and
            (f64.eq (f64.trunc (local.get $delta)) (local.get $delta))
            (f64.le (f64.abs (local.get $delta)) (f64.const 9007199254740991))))
      (then (return (call $fail (i32.const 8) (i32.const 704)))))
    (local.set $expires (call $expiry (local.get $has-ttl) (local.get $ttl)))
    (if (i64.eq (local.get $expires) (i64.const -1)) (then (return (call $fail (i32.const 8) (i32.const 576)))))
    (local.set $entry (call $find-live (local.get $key) (local.get $length)))
    (if (local.get $entry)
      (then
        (local.set $expires (i64.load offset=8 (local.get $entry)))
        (local.set $sum (call $number (call $value-of (local.get $entry)) (i32.load offset=28 (local.get $entry))))
        (if (i32.eqz (call $is-safe (local.get $sum))) (then (return (call $fail (i32.const 8) (i32.const 768)))))))
    (local.set $sum (i64.add (local.get $sum) (i64.trunc_f64_s (local.get $delta))))
    (if (i32.eqz (call $is-safe (local.get $sum))) (then (return (call $fail (i32.const 8) (i32.const 832)))))
    (local.set $text (call $text-of (local.get $sum)))
    (local.set $failure
      (call $write
        (local.get $key) (local.get $length)
        (local.get $text) (i32.sub (i32.const 120) (local.get $text))
        (local.get $expires)))
    (if (local.get $failure) (then (return (call $fail (i32.const 8) (local.get $failure)))))
    (i32.store8 (i32.const 0) (i32.const 0))
    (f64.store (i32.const 8) (f64.convert_i64_s (local.get $sum)))
    (i32.const 0))

  ;; The cursor is the last key of the page before.
  (func (export "tenon:host/kv@0.1.0#list")
    (param $prefix i32) (param $length i32) (param $has-cursor i32) (param $cursor i32) (param $cursor-length i32) (param $limit i32)
    (result i32)
    (local $failure i32) (local $entry i32) (local $slot i32) (local $at i32) (local $end i32)
    (call $begin)
    (local.set $failure (call $check-grant (local.get $prefix) (local.get $length)))
    (if (local.get $failure) (then (return (call $fail (i32.const 4) (local.get $failure)))))
    ;; Keys of the host may start with it.
    (if (call $starts-with (i32.const 896) (i32.const 7) (local.get $prefix) (local.get $length))
      (then (return (call $fail (i32.const 4) (i32.const 192)))))
    (if (i32.gt_u (i32.sub (local.get $limit) (i32.const 1)) (i32.const 999))
      (then (return (call $fail (i32.const 4) (i32.const 640)))))
    (if (local.get $has-cursor)
      (then
        (local.set $has-cursor
          (i32.ge_s
            (call $compare (local.get $cursor) (local.get $cursor-length) (local.get $prefix) (local.get $length))
            (i32.const 0)))))
    (if (local.get $has-cursor)
      (then
        (local.set $entry (call $find (local.get $cursor) (local.get $cursor-length)))
        (local.set $slot (i32.add (global.get $slot) (i32.ne (local.get $entry) (i32.const 0)))))
      (else
        (local.set $entry (call $find (local.get $prefix) (local.get $length)))
        (local.set $slot (global.get $slot))))
    (local.set $at (i32.const 1024))
    (local.set $end (i32.add (i32.const 1024) (i32.shl (local.get $limit) (i32.const 3))))
    (i32.store8 (i32.const 0) (i32.const 0))
    (i32.store8 (i32.const 12) (i32.const 0))
    (block $over
      (loop $next
        (br_if $over (i32.ge_u (local.get $slot) (global.get $count)))
        (local.set $entry (call $entry-at (local.get $slot)))
        (br_if $over
          (i32.eqz
            (call $starts-with
              (i32.add (local.get $entry) (i32.const 32)) (i32.load offset=24 (local.get $entry))
              (local.get $prefix) (local.get $length))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (br_if $next (i32.eqz (call $is-live (local.get $entry))))
        (if (i32.eq (local.get $at) (local.get $end))
          (then
            (i32.store8 (i32.const 12) (i32.const 1))
            (i64.store align=4 (i32.const 16) (i64.load align=4 (i32.sub (local.get $at) (i32.const 8))))
            (br $over)))
        (i32.store (local.get $at) (i32.add (local.get $entry) (i32.const 32)))
        (i32.store offset=4 (local.get $at) (i32.load offset=24 (local.get $entry)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (i32.store (i32.const 4) (i32.const 1024))
    (i32.store (i32.const 8) (i32.shr_u (i32.sub (local.get $at) (i32.const 1024)) (i32.const 3)))
    (i32.const 0)))
