import { HANDLER } from "./contract.ts";
import { EQUAL, StaticMemory } from "./core-text.ts";
import { HandleText, handlerImport } from "./handle-text.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Import names of a switch: the middleware it may leave out, and what comes behind that. */
export const SWITCHED = "switched";
export const BEHIND = "behind";

/**
 * Generates the component that stands in front of a middleware that acts on some methods alone: requests of any other
 * method go to what is behind it, and its engine does not run.
 */
export async function generateMethodSwitch(methods: readonly string[]): Promise<Uint8Array> {
  const memory = new StaticMemory();
  const handle = await HandleText.create(memory);
  const cases = methods.map((method) => handle.whenMethod(method, handle.forward(SWITCHED))).join("");
  return generateComponent(
    `(module
  ${[SWITCHED, BEHIND].map((name) => handle.import(name, name)).join("\n  ")}
  ${memory.toText()}
  ${EQUAL}
  (func (export "${HANDLER}#handle") ${handle.parameters} (result i32)
    ${cases}
    ${handle.forward(BEHIND)})
  (func (export "cabi_post_${HANDLER}#handle") (param i32) (call $reset)))`,
    {
      name: "method-switch",
      imports: [],
      exports: [HANDLER],
      extra: [SWITCHED, BEHIND].map(handlerImport).join("\n"),
    },
  );
}
