import { ToolkitError } from "../errors/index.ts";
import type { Json } from "../manifest/index.ts";
import { ByteReader, readComponentGraph, readSections, SECTION } from "../wasm/index.ts";
import { codeOf } from "./code-of.ts";
import { generateStub } from "./stub.ts";
import { settingsOf, settingsStub } from "./wire-parts.ts";

/** The data section of a core module. @see https://webassembly.github.io/spec/core/binary/modules.html#data-section */
const DATA_SECTION = 11;
/** A segment with a place in the only memory. */
const ACTIVE = 0;
const I32_CONST = 0x41;

/**
 * The settings of a middleware that asks its host for no configuration and shares no component, as they were given when the core was
 * composed. They stand in its bytes alone, in the component that answers for them: what is read is what this version of tenon
 * makes that component of, byte for byte.
 *
 * @throws {@link ToolkitError} `ERR_HOST_CORE` when the bytes hold no such component.
 */
export async function readSettings(core: Uint8Array, as: string): Promise<Record<string, Json>> {
  const { names, components } = readComponentGraph(core);
  const [place] = [...names].find(([, name]) => name === settingsOf(as)) ?? [];
  const component = place === undefined ? undefined : components[place];
  const code = component && codeOf(component, modulesOf(core));
  for (const text of code === undefined ? [] : modulesOf(code).flatMap(textsOf)) {
    const settings = parsed(text);
    if (settings === undefined) continue;
    const expected = await generateStub(await settingsStub(text));
    if (Buffer.compare(code!, codeOf(expected)) === 0) return settings;
  }
  throw new ToolkitError(
    `Cannot read the settings of "${as}": the bytes do not hold them as tenon writes them`,
    {
      code: "ERR_HOST_CORE",
      hint: "Compose it again with this version of tenon, from components you trust",
    },
  );
}

function parsed(text: string): Record<string, Json> | undefined {
  try {
    return text.startsWith("{") ? (JSON.parse(text) as Record<string, Json>) : undefined;
  } catch {
    return undefined;
  }
}

function modulesOf(component: Uint8Array): Uint8Array[] {
  return readSections(component)
    .filter(({ id }) => id === SECTION.coreModule)
    .map(({ content }) => content);
}

/** The segments of a module that lie in its memory from the start. */
function textsOf(module: Uint8Array): string[] {
  return readSections(module)
    .filter(({ id }) => id === DATA_SECTION)
    .flatMap(({ content, offset }) => {
      const reader = new ByteReader(content, offset);
      return Array.from({ length: reader.u32() }, () => {
        if (reader.u32() !== ACTIVE || reader.u8() !== I32_CONST)
          throw reader.error("an unknown data segment");
        // The address, and the end of the expression.
        while (reader.u8() >= 0x80);
        reader.u8();
        return new TextDecoder().decode(reader.take(reader.u32(), "data segment"));
      });
    });
}
