import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../wasm/index.ts";

/** Sections that only people read: names of functions and instances, and of the tools that wrote them. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(["name", "component-name", "producers"]);

/** A component or module without names, and without those of the components and modules in it. */
export function withoutNames(binary: Uint8Array): Uint8Array {
  const out = new ByteWriter().bytes(binary.subarray(0, PREAMBLE_LENGTH));
  const isComponent = binary[6] === 1;
  for (const { id, whole, content, offset } of readSections(binary)) {
    if (id === SECTION.custom && FOR_PEOPLE.has(new ByteReader(content, offset).name())) continue;
    const isBinary = isComponent && (id === SECTION.coreModule || id === SECTION.component);
    if (isBinary) out.section(id, withoutNames(content));
    else out.bytes(whole);
  }
  return out.finish();
}
