import {
  ByteReader,
  ByteWriter,
  PREAMBLE_LENGTH,
  readSections,
  SECTION,
  type Section,
} from "../wasm/index.ts";

const MAX_NESTING = 16;

/**
 * The code of a component, which is the same for the component's file and for the part that the composer made of it: custom
 * sections are left out, and core modules that the part shares with others are put back.
 *
 * @param shared Core modules of the composition around it, by index.
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when the component is malformed.
 */
export function codeOf(component: Uint8Array, shared: readonly Uint8Array[] = []): Uint8Array {
  return restore(component, shared, 1);
}

/** Indexes of the composition's core modules that a part uses. */
export function sharedModulesOf(component: Uint8Array, depth = 1): Set<number> {
  const used = new Set<number>();
  for (const section of readSections(component)) {
    const { id, content } = section;
    if (id === SECTION.component && depth <= MAX_NESTING) {
      for (const index of sharedModulesOf(content, depth + 1)) used.add(index);
    } else {
      const index = id === SECTION.alias ? sharedModule(section, depth) : undefined;
      if (index !== undefined) used.add(index);
    }
  }
  return used;
}

function restore(component: Uint8Array, shared: readonly Uint8Array[], depth: number): Uint8Array {
  const out = new ByteWriter().bytes(component.subarray(0, PREAMBLE_LENGTH));
  for (const section of readSections(component)) {
    const { id, whole, content } = section;
    const index = id === SECTION.alias ? sharedModule(section, depth) : undefined;
    if (index !== undefined && shared[index] !== undefined) out.section(SECTION.coreModule, shared[index]);
    else if (id === SECTION.component && depth <= MAX_NESTING) {
      out.section(SECTION.component, restore(content, shared, depth + 1));
    } else if (id !== SECTION.custom) out.bytes(whole);
  }
  return out.finish();
}

const SORT_CORE = 0x00;
const CORE_SORT_MODULE = 0x11;
const ALIAS_OUTER = 0x02;

/**
 * The index in an alias section that stands for one core module of the composition: `depth` components out, which
 * within the component itself would lead nowhere.
 */
function sharedModule({ content, offset }: Section, depth: number): number | undefined {
  const reader = new ByteReader(content, offset);
  if (reader.u32() !== 1) return undefined;
  if (reader.u8() !== SORT_CORE || reader.u8() !== CORE_SORT_MODULE || reader.u8() !== ALIAS_OUTER)
    return undefined;
  return reader.u32() === depth ? reader.u32() : undefined;
}
