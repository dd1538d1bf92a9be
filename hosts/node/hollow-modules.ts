import { ByteReader, ByteWriter, PREAMBLE_LENGTH, readSections, SECTION } from "../../src/wasm/index.ts";

/** Sections of a core module. @see https://webassembly.github.io/spec/core/binary/modules.html#sections */
const MODULE_SECTION = { custom: 0, code: 10, data: 11, dataCount: 12 } as const;
/** A body without locals: `unreachable end`, which fits every type. */
const BODY = Uint8Array.of(0x03, 0x00, 0x00, 0x0b);
/** Below, taking code out saves less than it costs. */
const MIN_MODULE_BYTES = 16 * 1024;
const MARK = "hollow";

/** A component whose large core modules have no code and no data. */
export interface HollowComponent {
  bytes: Uint8Array;
  /**
   * Puts the real modules in the place of hollow ones, by name. False when not every one was found, so that what was
   * made of this component is not what would be made of the real one.
   */
  restore(modules: Map<string, Uint8Array>): boolean;
}

/**
 * Takes code and data out of the core modules of a component. A transpiler looks at a module's imports, exports and types
 * alone, and hands the module on as it is: without two megabytes of an engine's code it takes half the time.
 *
 * @throws ToolkitError `ERR_WASM_DECODE` when the component is malformed.
 */
export function hollowModules(component: Uint8Array): HollowComponent {
  const replaced: { hollow: Uint8Array; original: Uint8Array }[] = [];

  function hollowComponent(bytes: Uint8Array): Uint8Array {
    const out = new ByteWriter().bytes(bytes.subarray(0, PREAMBLE_LENGTH));
    for (const { id, whole, content } of readSections(bytes)) {
      if (id === SECTION.coreModule && content.length >= MIN_MODULE_BYTES) {
        const hollow = hollowModule(content, replaced.length);
        replaced.push({ hollow, original: content });
        out.section(id, hollow);
      } else if (id === SECTION.component) out.section(id, hollowComponent(content));
      else out.bytes(whole);
    }
    return out.finish();
  }

  const bytes = hollowComponent(component);
  return {
    bytes,
    restore(modules) {
      const missing = new Set(replaced);
      for (const [name, module] of modules) {
        const found = replaced.find(({ hollow }) => Buffer.compare(hollow, module) === 0);
        if (!found) continue;
        missing.delete(found);
        modules.set(name, found.original);
      }
      return missing.size === 0;
    },
  };
}

/** @param index Tells the module from others of the same shape. */
function hollowModule(module: Uint8Array, index: number): Uint8Array {
  const out = new ByteWriter().bytes(module.subarray(0, PREAMBLE_LENGTH));
  for (const { id, whole, content } of readSections(module)) {
    if (id === MODULE_SECTION.code) {
      const count = new ByteReader(content).u32();
      const bodies = new ByteWriter().u32(count);
      for (let i = 0; i < count; i++) bodies.bytes(BODY);
      out.section(id, bodies.finish());
    } else if (
      id !== MODULE_SECTION.custom &&
      id !== MODULE_SECTION.data &&
      id !== MODULE_SECTION.dataCount
    ) {
      out.bytes(whole);
    }
  }
  return out.section(MODULE_SECTION.custom, new ByteWriter().name(MARK).u32(index).finish()).finish();
}
