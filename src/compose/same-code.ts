import { ByteWriter, readSections, SECTION } from "../wasm/index.ts";

/** True when a component inside a core is the one expected, but for custom sections: those are no code, and linking leaves out most. */
export function isSameCode(actual: Uint8Array | undefined, expected: Uint8Array): boolean {
  return actual !== undefined && Buffer.compare(withoutCustom(actual), withoutCustom(expected)) === 0;
}

function withoutCustom(component: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (const { id, whole } of readSections(component)) if (id !== SECTION.custom) out.bytes(whole);
  return out.finish();
}
