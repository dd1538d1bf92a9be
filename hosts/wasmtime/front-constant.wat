;; Part of front.wat: which row of the bundle is that of a request.

  ;; The row; 0 where there is none. It is the version as its field states it (empty where it must be absent), whether messages
  ;; describe themselves, the method, the answer up to what differs, and the result that the chain has to pass on for it: 9 words.
  ;; What differs is the id for a constant answer, and the members of the result for a call. The result is of lists that
  ;; middleware acts on; else it has no length.
  (func $find-row (result i32)
    (local $row i32) (local $left i32)
    (local.set $row (call $c-rows))
    (local.set $left (call $c-row-count))
    (block $no
      (loop $next
        (br_if $no (i32.eqz (local.get $left)))
        (if (i32.eq (i32.load offset=8 (local.get $row)) (global.get $modern))
          (then
            (if (call $equal (global.get $version) (global.get $version-length)
                  (i32.load (local.get $row)) (i32.load offset=4 (local.get $row)))
              (then
                (if (call $equal (global.get $called) (global.get $called-length)
                      (i32.load offset=12 (local.get $row)) (i32.load offset=16 (local.get $row)))
                  (then (return (local.get $row))))))))
        (local.set $row (i32.add (local.get $row) (i32.const 36)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func $send-constant (param $out i32) (param $row i32) (result i32)
    (local $text i32)
    (local.set $text (global.get $heap))
    (call $put (i32.load offset=20 (local.get $row)) (i32.load offset=24 (local.get $row)))
    (call $put (global.get $id) (global.get $id-length))
    (call $put (; "}" ;))
    (call $send (local.get $out) (i32.const 200) (local.get $text)))
