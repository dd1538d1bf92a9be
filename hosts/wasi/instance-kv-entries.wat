;; Part of instance-kv.wat: entries, and the order of their keys.

  (func $entry-at (param $slot i32) (result i32)
    (i32.load offset=12288 (i32.shl (local.get $slot) (i32.const 2))))

  (func $set-entry-at (param $slot i32) (param $entry i32)
    (i32.store offset=12288 (i32.shl (local.get $slot) (i32.const 2)) (local.get $entry)))

  ;; Makes room at $to for what is at $from and behind it, or takes it away.
  (func $shift (param $from i32) (param $to i32)
    (memory.copy
      (i32.add (i32.const 12288) (i32.shl (local.get $to) (i32.const 2)))
      (i32.add (i32.const 12288) (i32.shl (local.get $from) (i32.const 2)))
      (i32.shl (i32.sub (global.get $count) (local.get $from)) (i32.const 2)))
    (global.set $count (i32.sub (i32.add (global.get $count) (local.get $to)) (local.get $from))))

  ;; The entry of a key, also when it has expired; else 0.
  (func $find (param $key i32) (param $length i32) (result i32)
    (local $low i32) (local $high i32) (local $middle i32) (local $entry i32) (local $order i32)
    (local.set $high (global.get $count))
    (block $absent
      (loop $next
        (br_if $absent (i32.ge_u (local.get $low) (local.get $high)))
        (local.set $middle (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1)))
        (local.set $entry (call $entry-at (local.get $middle)))
        (local.set $order
          (call $compare
            (i32.add (local.get $entry) (i32.const 32)) (i32.load offset=24 (local.get $entry))
            (local.get $key) (local.get $length)))
        (if (i32.eqz (local.get $order))
          (then
            (global.set $slot (local.get $middle))
            (return (local.get $entry))))
        (if (i32.lt_s (local.get $order) (i32.const 0))
          (then (local.set $low (i32.add (local.get $middle) (i32.const 1))))
          (else (local.set $high (local.get $middle))))
        (br $next)))
    (global.set $slot (local.get $low))
    (i32.const 0))

  (func $is-live (param $entry i32) (result i32)
    (local $expires i64)
    (if (i32.eqz (local.get $entry)) (then (return (i32.const 0))))
    (local.set $expires (i64.load offset=8 (local.get $entry)))
    (i32.or (i64.eqz (local.get $expires)) (i64.gt_s (local.get $expires) (global.get $time))))

  ;; The entry of a key that has not expired; else 0.
  (func $find-live (param $key i32) (param $length i32) (result i32)
    (local $entry i32)
    (local.set $entry (call $find (local.get $key) (local.get $length)))
    (select (local.get $entry) (i32.const 0) (call $is-live (local.get $entry))))

  (func $free (param $entry i32)
    (i32.store offset=4 (local.get $entry) (i32.const -1))
    (global.set $used (i32.sub (global.get $used) (i32.load (local.get $entry)))))

  (func $remove-expired
    (local $from i32) (local $to i32) (local $entry i32)
    (block $end
      (loop $next
        (br_if $end (i32.eq (local.get $from) (global.get $count)))
        (local.set $entry (call $entry-at (local.get $from)))
        (if (call $is-live (local.get $entry))
          (then
            (call $set-entry-at (local.get $to) (local.get $entry))
            (local.set $to (i32.add (local.get $to) (i32.const 1))))
          (else (call $free (local.get $entry))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br $next)))
    (global.set $count (local.get $to)))

  ;; Moves entries together. A place in the order may be 0: what goes there is about to be written.
  (func $compact
    (local $slot i32) (local $entry i32) (local $from i32) (local $to i32) (local $size i32)
    (block $noted
      (loop $next
        (br_if $noted (i32.eq (local.get $slot) (global.get $count)))
        (local.set $entry (call $entry-at (local.get $slot)))
        (if (local.get $entry) (then (i32.store offset=4 (local.get $entry) (local.get $slot))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (br $next)))
    (local.set $from (global.get $heap))
    (local.set $to (global.get $heap))
    (block $end
      (loop $next
        (br_if $end (i32.eq (local.get $from) (global.get $top)))
        (local.set $size (i32.load (local.get $from)))
        (local.set $slot (i32.load offset=4 (local.get $from)))
        (if (i32.ne (local.get $slot) (i32.const -1))
          (then
            (memory.copy (local.get $to) (local.get $from) (local.get $size))
            (call $set-entry-at (local.get $slot) (local.get $to))
            (local.set $to (i32.add (local.get $to) (local.get $size)))))
        (local.set $from (i32.add (local.get $from) (local.get $size)))
        (br $next)))
    (global.set $top (local.get $to)))

  ;; A failure when the store would have too much with $size more bytes in place of an entry, or of none.
  (func $check-room (param $entry i32) (param $size i32) (result i32)
    (if (i32.eqz (local.get $entry))
      (then (if (i32.ge_u (global.get $count) (global.get $max-keys)) (then (return (i32.const 448)))))
      (else (local.set $size (i32.sub (local.get $size) (i32.load (local.get $entry))))))
    (select (i32.const 512) (i32.const 0)
      (i32.gt_s (i32.add (global.get $used) (local.get $size)) (global.get $max-bytes))))

  ;; Writes a key, unless it gives a failure: then nothing has changed.
  (func $write (param $key i32) (param $key-length i32) (param $value i32) (param $length i32) (param $expires i64) (result i32)
    (local $entry i32) (local $size i32) (local $have i32) (local $failure i32) (local $is-new i32)
    (if (i32.gt_u (local.get $length) (i32.const 1048576)) (then (return (i32.const 384))))
    ;; Every number fits where another one was.
    (local.set $size
      (i32.and
        (i32.add
          (i32.add (local.get $key-length)
            (select (local.get $length) (i32.const 24) (i32.gt_u (local.get $length) (i32.const 24))))
          (i32.const 39))
        (i32.const -8)))
    (local.set $entry (call $find (local.get $key) (local.get $key-length)))
    (if (local.get $entry) (then (local.set $have (i32.load (local.get $entry)))))
    (if (i32.or
          (i32.lt_u (local.get $have) (local.get $size))
          (i32.gt_u (local.get $have) (i32.shl (local.get $size) (i32.const 1))))
      (then
        (if (call $check-room (local.get $entry) (local.get $size))
          (then
            (call $remove-expired)
            (local.set $entry (call $find (local.get $key) (local.get $key-length)))
            (local.set $failure (call $check-room (local.get $entry) (local.get $size)))
            (if (local.get $failure) (then (return (local.get $failure))))))
        (if (local.get $entry)
          (then (call $free (local.get $entry)))
          (else (call $shift (global.get $slot) (i32.add (global.get $slot) (i32.const 1)))))
        (call $set-entry-at (global.get $slot) (i32.const 0))
        (if (i32.gt_u (i32.add (global.get $top) (local.get $size)) (global.get $heap-end)) (then (call $compact)))
        ;; Its key and value lie where it goes to, so it is made behind them first.
        (local.set $is-new (i32.const 1))
        (local.set $entry
          (i32.and
            (i32.add
              (select (global.get $given) (global.get $top) (i32.gt_u (global.get $given) (global.get $top)))
              (i32.const 7))
            (i32.const -8)))
        (drop (call $reach (local.get $entry) (local.get $size)))
        (global.set $used (i32.add (global.get $used) (local.get $size)))
        (i32.store (local.get $entry) (local.get $size))
        (i32.store offset=4 (local.get $entry) (i32.const 0))
        (i32.store offset=24 (local.get $entry) (local.get $key-length))
        (memory.copy (i32.add (local.get $entry) (i32.const 32)) (local.get $key) (local.get $key-length))))
    (i64.store offset=8 (local.get $entry) (local.get $expires))
    (global.set $written (i64.add (global.get $written) (i64.const 1)))
    (i64.store offset=16 (local.get $entry) (global.get $written))
    (i32.store offset=28 (local.get $entry) (local.get $length))
    (memory.copy
      (i32.add (i32.add (local.get $entry) (i32.const 32)) (local.get $key-length))
      (local.get $value)
      (local.get $length))
    (if (local.get $is-new)
      (then
        (call $set-entry-at (global.get $slot) (global.get $top))
        (memory.copy (global.get $top) (local.get $entry) (local.get $size))
        (global.set $top (i32.add (global.get $top) (local.get $size)))))
    (i32.const 0))

  (func $value-of (param $entry i32) (result i32)
    (i32.add (i32.add (local.get $entry) (i32.const 32)) (i32.load offset=24 (local.get $entry))))
