import { CRYPTO } from "../contract.ts";
import { StaticMemory } from "../core-text.ts";
import { generateComponent } from "../wasm-tools.ts";
import { hexText } from "./hex.ts";
import { p256Text } from "./p256-verify.ts";
import { sha1Text } from "./sha1.ts";
import { sha2Text } from "./sha2.ts";

/** Bytes of the digests. */
const DIGESTS = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;
type Hash = keyof typeof DIGESTS;
const MAX_DIGEST = 64;
const KEY_BYTES = 64;
const SIGNATURE_BYTES = 64;

let made: Promise<Uint8Array> | undefined;

/**
 * The component that computes for all parts what an engine is slow at: `tenon:mcp/crypto`, in some thousand instructions and
 * without an engine. It imports nothing, and keeps nothing from one call for the next. It is made once in a process: proving
 * a core compares it with what stands behind each function of each part.
 */
export function generateCrypto(): Promise<Uint8Array> {
  made ??= makeCrypto();
  return made;
}

function makeCrypto(): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const digest = memory.reserve(MAX_DIGEST);
  const text = memory.reserve(2 * MAX_DIGEST);
  const answer = memory.reserve(8, 4); // string: address, length
  const functions = [sha1Text(memory), sha2Text(memory), p256Text(memory), hexText(memory)].join("\n");
  const exported = (name: string, hash: Hash, length: string): string => `
  (func (export "${CRYPTO}#${name}") (param $at i32) (param $length i32) (result i32)
    (call $${hash} (i32.const ${digest}) (local.get $at) ${length})
    (call $hex-of (i32.const ${text}) (i32.const ${digest}) (i32.const ${DIGESTS[hash]}))
    (i32.store (i32.const ${answer}) (i32.const ${text}))
    (i32.store offset=4 (i32.const ${answer}) (i32.const ${2 * DIGESTS[hash]}))
    (i32.const ${answer}))
  (func (export "cabi_post_${CRYPTO}#${name}") (param i32) (call $reset))`;
  const hashes = [
    ...(Object.keys(DIGESTS) as Hash[]).map((name) =>
      exported(name, name, "(call $bytes-of (local.get $at) (local.get $length))"),
    ),
    exported("sha256-of-text", "sha256", "(local.get $length)"),
  ];
  return generateComponent(
    `(module
  ${memory.toText()}
  (func $swapped (param $word i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $word) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $word) (i32.const 8)) (i32.const 0xff00ff00))))
  ${functions}
  ${hashes.join("")}
  (func (export "${CRYPTO}#is-p256-key") (param $key i32) (param $key-length i32) (result i32)
    (call $reset)
    (if (result i32) (i32.eq ${bytesOf("key")} (i32.const ${KEY_BYTES}))
      (then (call $import-key (local.get $key)))
      (else (i32.const 0))))
  (func (export "${CRYPTO}#verify-p256")
    (param $key i32) (param $key-length i32) (param $digest i32) (param $digest-length i32)
    (param $signature i32) (param $signature-length i32) (result i32)
    (call $reset)
    (if (i32.ne ${bytesOf("key")} (i32.const ${KEY_BYTES})) (then (return (i32.const 0))))
    (if (i32.ne ${bytesOf("digest")} (i32.const ${DIGESTS.sha256})) (then (return (i32.const 0))))
    (if (i32.ne ${bytesOf("signature")} (i32.const ${SIGNATURE_BYTES})) (then (return (i32.const 0))))
    (if (i32.eqz (call $import-key (local.get $key))) (then (return (i32.const 0))))
    (call $verify (local.get $digest) (local.get $signature))))`,
    { name: "crypto", imports: [], exports: [CRYPTO] },
  );
}

/** The number of bytes of a parameter, which are in its place from then on. */
function bytesOf(name: string): string {
  return `(call $bytes-of (local.get $${name}) (local.get $${name}-length))`;
}
