  ;; Where lines go: standard error.
  (import "tenon-wasi:cli/stderr@0.2.0" "get-stderr" (func $get-stderr (result i32)))
  (import "tenon-wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func $write-and-flush (param i32 i32 i32 i32)))
  (import "tenon-wasi:io/error@0.2.0" "[resource-drop]error" (func $drop-error (param i32)))

  ;; Handle of standard error, asked for once; -1 before.
  (global $stderr (mut i32) (i32.const -1))

  ;; Sends a line, which ends with its newline. The host takes 4,096 bytes at a time.
  (func $send (param $from i32) (param $end i32)
    (local $length i32)
    (if (i32.eq (global.get $stderr) (i32.const -1)) (then (global.set $stderr (call $get-stderr))))
    (loop $next
      (local.set $length (i32.sub (local.get $end) (local.get $from)))
      (if (i32.gt_u (local.get $length) (i32.const 4096)) (then (local.set $length (i32.const 4096))))
      (call $write-and-flush (global.get $stderr) (local.get $from) (local.get $length) (i32.const 0))
      (if (i32.load8_u (i32.const 0))
        (then
          (if (i32.eqz (i32.load8_u (i32.const 4))) (then (call $drop-error (i32.load (i32.const 8)))))
          (return)))
      (local.set $from (i32.add (local.get $from) (local.get $length)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end)))))
