import { AUDIT } from "./contract.ts";
import { StaticMemory } from "./core-text.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Bytes of facts that are kept for one request. */
const MAX_BYTES = 16 * 1024;
const OPEN = "[".charCodeAt(0);
const CLOSE = "]".charCodeAt(0);
const COMMA = ",".charCodeAt(0);

/**
 * The component that carries facts from the middleware that learn them to the one that writes them: a buffer without an
 * engine, so that it costs no hop worth measuring.
 */
export function generateAudit(): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const lost = memory.text(",null");
  // The opening bracket, what is kept, ",null" for what is not, and the closing bracket.
  const buffer = memory.reserve(MAX_BYTES + lost.length + 2);
  const given = memory.reserve(MAX_BYTES + lost.length + 2);
  const answer = memory.reserve(8, 4); // string: address, length
  return generateComponent(
    `(module
  ${memory.toText()}
  (global $length (mut i32) (i32.const 0))
  (global $lost (mut i32) (i32.const 0))
  (func (export "${AUDIT}#record") (param $at i32) (param $size i32)
    (if (i32.gt_u (local.get $size) (i32.sub (i32.const ${MAX_BYTES - 1}) (global.get $length)))
      (then (global.set $lost (i32.const 1)))
      (else
        ;; each is kept with the comma before it, and the first comma becomes the bracket
        (i32.store8 (i32.add (i32.const ${buffer}) (global.get $length)) (i32.const ${COMMA}))
        (memory.copy (i32.add (i32.const ${buffer + 1}) (global.get $length)) (local.get $at) (local.get $size))
        (global.set $length (i32.add (global.get $length) (i32.add (local.get $size) (i32.const 1))))))
    (call $reset))
  (func (export "${AUDIT}#take") (result i32) (local $end i32)
    (memory.copy (i32.const ${given}) (i32.const ${buffer}) (global.get $length))
    (local.set $end (i32.add (i32.const ${given}) (global.get $length)))
    (if (global.get $lost) (then
      (memory.copy (local.get $end) (i32.const ${lost.at}) (i32.const ${lost.length}))
      (local.set $end (i32.add (local.get $end) (i32.const ${lost.length})))))
    (if (i32.eq (local.get $end) (i32.const ${given}))
      (then (local.set $end (i32.add (local.get $end) (i32.const 1)))))
    (i32.store8 (i32.const ${given}) (i32.const ${OPEN}))
    (i32.store8 (local.get $end) (i32.const ${CLOSE}))
    (i32.store (i32.const ${answer}) (i32.const ${given}))
    (i32.store offset=4 (i32.const ${answer}) (i32.sub (i32.add (local.get $end) (i32.const 1)) (i32.const ${given})))
    (global.set $length (i32.const 0))
    (global.set $lost (i32.const 0))
    (i32.const ${answer})))`,
    { name: "audit", imports: [], exports: [AUDIT] },
  );
}
