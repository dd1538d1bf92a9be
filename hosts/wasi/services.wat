;; The services of a core on a host with standard WASI: `tenon:host/log` as one JSON line on standard error for each
;; entry, and a `tenon:mcp/outbox` that drops notifications. Written by hand, so that a log line costs no JavaScript
;; engine; src/bundle/wat-component.ts makes a component of it.
;;
;; A line is {"time":…,"level":…,"source":…,"message":…,"fields":…}. Nothing a component passes can end the line or add a
;; member to it: text is escaped, and `fields` is copied only when it is one balanced JSON object, else it is text too.
;;
;; Memory: 0 … 15 results of imports, 32 … 43 the credential as a result, 64 … constants, 4,096 … the line, 57,344 … the arguments
;; of the call in flight. The longest line ends before them: it has 50 kB. All of a usual call lies in one page, because a memory
;; costs each new instance what its pages are.
(module
  (import "tenon-wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
  ;; $send and what it needs: one of the texts that say where lines go.
  (; sink ;)

  (memory (export "memory") 1)
  ;; Level names of tenon:host/log, 16 bytes each: the length, then the text.
  (data (i32.const 64) "\05debug\00\00\00\00\00\00\00\00\00\00\04info\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 96) "\06notice\00\00\00\00\00\00\00\00\00\07warning\00\00\00\00\00\00\00\00")
  (data (i32.const 128) "\05error\00\00\00\00\00\00\00\00\00\00\08critical\00\00\00\00\00\00\00")
  (data (i32.const 160) "\05alert\00\00\00\00\00\00\00\00\00\00\09emergency\00\00\00\00\00\00")
  ;; Pieces of a line.
  (data (i32.const 192) "{\22time\22:\22")                 ;; 9
  (data (i32.const 208) "\22,\22level\22:\22")             ;; 11
  (data (i32.const 224) "\22,\22source\22:\22")            ;; 12
  (data (i32.const 240) "\22,\22message\22:\22")           ;; 13
  (data (i32.const 256) "\22,\22fields\22:")               ;; 11
  (data (i32.const 272) "0123456789abcdef")
  (data (i32.const 288) "Log lines dropped: ")             ;; 19
  (data (i32.const 320) "host")                            ;; 4

  ;; End of the line being written.
  (global $at (mut i32) (i32.const 0))
  ;; Bytes this call may still log, of 65,536.
  (global $allowance (mut i32) (i32.const 65536))
  ;; Lines of this call that were dropped.
  (global $dropped (mut i32) (i32.const 0))
  ;; End of the arguments.
  (global $heap (mut i32) (i32.const 57344))
  ;; Where arguments begin: behind the credential of the call in flight.
  (global $floor (mut i32) (i32.const 57344))
  (global $calls (mut i32) (i32.const 0))
  (global $credential (mut i32) (i32.const 0))
  (global $credential-at (mut i32) (i32.const 0))
  (global $credential-length (mut i32) (i32.const 0))

  ;; Arguments arrive one after another and are forgotten when the call ends.
  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
    (local $start i32) (local $end i64) (local $have i64)
    (local.set $start (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
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
    (memory.copy (local.get $start) (local.get $old) (local.get $old-size))
    (global.set $heap (i32.wrap_i64 (local.get $end)))
    (local.get $start))

  (func $byte (param $value i32)
    (i32.store8 (global.get $at) (local.get $value))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  (func $bytes (param $from i32) (param $length i32)
    (memory.copy (global.get $at) (local.get $from) (local.get $length))
    (global.set $at (i32.add (global.get $at) (local.get $length))))

  ;; A number in decimal with at least $width digits.
  (func $decimal (param $value i32) (param $width i32)
    (if (i32.or (i32.gt_u (local.get $value) (i32.const 9)) (i32.gt_s (local.get $width) (i32.const 1)))
      (then
        (call $decimal
          (i32.div_u (local.get $value) (i32.const 10))
          (i32.sub (local.get $width) (i32.const 1)))))
    (call $byte (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10)))))

  ;; \uXXXX
  (func $escape (param $code i32)
    (local $shift i32)
    (call $byte (i32.const 92))
    (call $byte (i32.const 117))
    (local.set $shift (i32.const 12))
    (loop $next
      (call $byte
        (i32.load8_u offset=272
          (i32.and (i32.shr_u (local.get $code) (local.get $shift)) (i32.const 15))))
      (local.set $shift (i32.sub (local.get $shift) (i32.const 4)))
      (br_if $next (i32.ge_s (local.get $shift) (i32.const 0)))))

  ;; The code of the character when a terminal or a reader of logs would act on it, with bit 16 set; else 0. These are the
  ;; controls of C0 and C1, DEL, U+2028, U+2029, and the controls of writing direction U+202A … U+202E and U+2066 … U+2069.
  (func $control (param $at i32) (result i32)
    (local $c i32) (local $code i32)
    (local.set $c (i32.load8_u (local.get $at)))
    (if (i32.or (i32.lt_u (local.get $c) (i32.const 0x20)) (i32.eq (local.get $c) (i32.const 0x7f)))
      (then (return (i32.or (local.get $c) (i32.const 0x10000)))))
    (if (i32.eq (local.get $c) (i32.const 0xc2))
      (then
        (local.set $code (i32.load8_u offset=1 (local.get $at)))
        (if (i32.lt_u (local.get $code) (i32.const 0xa0))
          (then (return (i32.or (local.get $code) (i32.const 0x10000)))))))
    (if (i32.eq (local.get $c) (i32.const 0xe2))
      (then
        (local.set $code
          (i32.or (i32.const 0x2000)
            (i32.or
              (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x3f)) (i32.const 6))
              (i32.and (i32.load8_u offset=2 (local.get $at)) (i32.const 0x3f)))))
        (if (i32.or
              (i32.le_u (i32.sub (local.get $code) (i32.const 0x2028)) (i32.const 6))
              (i32.le_u (i32.sub (local.get $code) (i32.const 0x2066)) (i32.const 3)))
          (then (return (i32.or (local.get $code) (i32.const 0x10000)))))))
    (i32.const 0))

  ;; Text inside a JSON string, cut before the first character that would pass $room bytes. It is valid UTF-8: the component
  ;; model checked it.
  (func $text (param $from i32) (param $length i32) (param $room i32)
    (local $end i32) (local $stop i32) (local $c i32) (local $n i32) (local $code i32)
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (local.set $stop (i32.sub (i32.add (global.get $at) (local.get $room)) (i32.const 6)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $end)))
        (br_if $done (i32.gt_u (global.get $at) (local.get $stop)))
        (local.set $c (i32.load8_u (local.get $from)))
        (local.set $n
          (select (i32.const 1)
            (select (i32.const 2) (select (i32.const 3) (i32.const 4) (i32.lt_u (local.get $c) (i32.const 0xf0)))
              (i32.lt_u (local.get $c) (i32.const 0xe0)))
            (i32.lt_u (local.get $c) (i32.const 0x80))))
        (local.set $code (call $control (local.get $from)))
        (if (local.get $code)
          (then (call $escape (local.get $code)))
          (else
            (if (i32.or (i32.eq (local.get $c) (i32.const 34)) (i32.eq (local.get $c) (i32.const 92)))
              (then (call $byte (i32.const 92))))
            (call $bytes (local.get $from) (local.get $n))))
        (local.set $from (i32.add (local.get $from) (local.get $n)))
        (br $next))))

  ;; True when the text is one JSON object as far as brackets and strings go and holds no control character: it can then
  ;; neither end the line nor leave its place in it.
  (func $is-object (param $from i32) (param $length i32) (result i32)
    (local $end i32) (local $c i32) (local $depth i32) (local $in-string i32)
    (local.set $end (i32.add (local.get $from) (local.get $length)))
    (block $no
      (br_if $no (i32.gt_u (local.get $length) (i32.const 32768)))
      (br_if $no (i32.lt_u (local.get $length) (i32.const 2)))
      (br_if $no (i32.ne (i32.load8_u (local.get $from)) (i32.const 123)))
      (loop $next
        (br_if $no (call $control (local.get $from)))
        (local.set $c (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (if (local.get $in-string)
          (then
            (if (i32.eq (local.get $c) (i32.const 92))
              (then
                ;; An escaped quotation mark or backslash ends nothing; other escapes need no care.
                (local.set $c (i32.load8_u (local.get $from)))
                (local.set $from
                  (i32.add (local.get $from)
                    (i32.or (i32.eq (local.get $c) (i32.const 34)) (i32.eq (local.get $c) (i32.const 92))))))
              (else
                (if (i32.eq (local.get $c) (i32.const 34)) (then (local.set $in-string (i32.const 0)))))))
          (else
            (if (i32.eq (local.get $c) (i32.const 34)) (then (local.set $in-string (i32.const 1))))
            ;; [ and ] differ from { and } in one bit
            (if (i32.eq (i32.or (local.get $c) (i32.const 32)) (i32.const 123))
              (then (local.set $depth (i32.add (local.get $depth) (i32.const 1)))))
            (if (i32.eq (i32.or (local.get $c) (i32.const 32)) (i32.const 125))
              (then
                (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
                (if (i32.eqz (local.get $depth)) (then (return (i32.eq (local.get $from) (local.get $end)))))))))
        (br_if $next (i32.lt_u (local.get $from) (local.get $end)))))
    (i32.const 0))

  ;; Now, as YYYY-MM-DDThh:mm:ss.mmmZ.
  (func $timestamp
    (local $seconds i64) (local $in-day i32) (local $days i32) (local $era i32) (local $doe i32) (local $yoe i32)
    (local $doy i32) (local $mp i32) (local $month i32)
    (call $now (i32.const 0))
    (local.set $seconds (i64.load (i32.const 0)))
    (local.set $in-day (i32.wrap_i64 (i64.rem_u (local.get $seconds) (i64.const 86400))))
    ;; Days since 0000-03-01, then years of 400-year eras that start in March: leap days fall at their end.
    (local.set $days (i32.add (i32.wrap_i64 (i64.div_u (local.get $seconds) (i64.const 86400))) (i32.const 719468)))
    (local.set $era (i32.div_u (local.get $days) (i32.const 146097)))
    (local.set $doe (i32.rem_u (local.get $days) (i32.const 146097)))
    (local.set $yoe
      (i32.div_u
        (i32.sub
          (i32.add
            (i32.sub (local.get $doe) (i32.div_u (local.get $doe) (i32.const 1460)))
            (i32.div_u (local.get $doe) (i32.const 36524)))
          (i32.div_u (local.get $doe) (i32.const 146096)))
        (i32.const 365)))
    (local.set $doy
      (i32.sub (local.get $doe)
        (i32.sub
          (i32.add (i32.mul (local.get $yoe) (i32.const 365)) (i32.div_u (local.get $yoe) (i32.const 4)))
          (i32.div_u (local.get $yoe) (i32.const 100)))))
    (local.set $mp (i32.div_u (i32.add (i32.mul (local.get $doy) (i32.const 5)) (i32.const 2)) (i32.const 153)))
    (local.set $month
      (i32.add (local.get $mp) (select (i32.const 3) (i32.const -9) (i32.lt_u (local.get $mp) (i32.const 10)))))
    (call $decimal
      (i32.add
        (i32.add (local.get $yoe) (i32.mul (local.get $era) (i32.const 400)))
        (i32.le_u (local.get $month) (i32.const 2)))
      (i32.const 4))
    (call $byte (i32.const 45))
    (call $decimal (local.get $month) (i32.const 2))
    (call $byte (i32.const 45))
    (call $decimal
      (i32.add (i32.const 1)
        (i32.sub (local.get $doy)
          (i32.div_u (i32.add (i32.mul (local.get $mp) (i32.const 153)) (i32.const 2)) (i32.const 5))))
      (i32.const 2))
    (call $byte (i32.const 84))
    (call $decimal (i32.div_u (local.get $in-day) (i32.const 3600)) (i32.const 2))
    (call $byte (i32.const 58))
    (call $decimal (i32.rem_u (i32.div_u (local.get $in-day) (i32.const 60)) (i32.const 60)) (i32.const 2))
    (call $byte (i32.const 58))
    (call $decimal (i32.rem_u (local.get $in-day) (i32.const 60)) (i32.const 2))
    (call $byte (i32.const 46))
    (call $decimal (i32.div_u (i32.load (i32.const 8)) (i32.const 1000000)) (i32.const 3))
    (call $byte (i32.const 90)))

  ;; Starts a line, up to the text of its source.
  (func $begin (param $level i32)
    (local $name i32)
    (global.set $at (i32.const 4096))
    (call $bytes (i32.const 192) (i32.const 9))
    (call $timestamp)
    (call $bytes (i32.const 208) (i32.const 11))
    (local.set $name (i32.add (i32.const 64) (i32.shl (local.get $level) (i32.const 4))))
    (call $bytes (i32.add (local.get $name) (i32.const 1)) (i32.load8_u (local.get $name))))

  ;; Writes the line to standard error, at most 4,096 bytes at a time as wasi:io/streams asks. Errors are ignored: there is
  ;; nowhere to report them.
  (func $flush
    (call $byte (i32.const 125))
    (call $byte (i32.const 10))
    (call $send (i32.const 4096) (global.get $at)))

  ;; Source, message and fields are cut at 256, 16,384 and 32,768 bytes as they appear in the line.
  (func (export "tenon:host/log@0.1.0#write")
    (param $level i32) (param $has-source i32) (param $source i32) (param $source-length i32)
    (param $message i32) (param $message-length i32) (param $has-fields i32) (param $fields i32) (param $fields-length i32)
    (local $length i32)
    (global.set $heap (global.get $floor))
    (call $begin (local.get $level))
    (if (local.get $has-source)
      (then
        (call $bytes (i32.const 224) (i32.const 12))
        (call $text (local.get $source) (local.get $source-length) (i32.const 256))))
    (call $bytes (i32.const 240) (i32.const 13))
    (call $text (local.get $message) (local.get $message-length) (i32.const 16384))
    (if (local.get $has-fields)
      (then
        (call $bytes (i32.const 256) (i32.const 11))
        (if (call $is-object (local.get $fields) (local.get $fields-length))
          (then (call $bytes (local.get $fields) (local.get $fields-length)))
          (else
            (call $byte (i32.const 34))
            (call $text (local.get $fields) (local.get $fields-length) (i32.const 32768))
            (call $byte (i32.const 34)))))
      (else (call $byte (i32.const 34))))
    (local.set $length (i32.sub (i32.add (global.get $at) (i32.const 2)) (i32.const 4096)))
    (if (i32.gt_u (local.get $length) (global.get $allowance))
      (then
        ;; Once a line did not fit, none does: what is kept is a prefix of what was written.
        (global.set $allowance (i32.const 0))
        (global.set $dropped (i32.add (global.get $dropped) (i32.const 1)))
        (return)))
    (global.set $allowance (i32.sub (global.get $allowance) (local.get $length)))
    (call $flush))

  ;; The credential stays where it arrived, below everything that arrives later in the call.
  (func (export "tenon:adapter/call@0.1.0#begin") (param $has i32) (param $from i32) (param $length i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.set $credential (local.get $has))
    (global.set $credential-at (local.get $from))
    (global.set $credential-length (local.get $length))
    (global.set $floor (select (global.get $heap) (i32.const 57344) (local.get $has))))

  ;; The answer lies at 32: present, address, length.
  (func (export "tenon:host/credentials@0.1.0#authorization") (result i32)
    (i32.store (i32.const 32) (global.get $credential))
    (i32.store (i32.const 36) (global.get $credential-at))
    (i32.store (i32.const 40) (global.get $credential-length))
    (i32.const 32))

  (func (export "tenon:adapter/call@0.1.0#number") (result i32)
    (global.get $calls))

  (func (export "tenon:adapter/call@0.1.0#finish")
    (global.set $credential (i32.const 0))
    (global.set $floor (i32.const 57344))
    (global.set $heap (global.get $floor))
    (global.set $allowance (i32.const 65536))
    (if (global.get $dropped)
      (then
        (call $begin (i32.const 3))
        (call $bytes (i32.const 224) (i32.const 12))
        (call $bytes (i32.const 320) (i32.const 4))
        (call $bytes (i32.const 240) (i32.const 13))
        (call $bytes (i32.const 288) (i32.const 19))
        (call $decimal (global.get $dropped) (i32.const 1))
        (call $byte (i32.const 34))
        (call $flush)
        (global.set $dropped (i32.const 0)))))

  (func (export "tenon:mcp/outbox@0.1.0#notify") (param i32 i32)
    (global.set $heap (global.get $floor)))

  (func (export "tenon:mcp/outbox@0.1.0#cancelled") (result i32)
    (i32.const 0)))
