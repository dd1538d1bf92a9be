import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildComponent } from "../../src/build/index.ts";
import { compose, type Composition } from "../../src/compose/index.ts";

/** The core that every host must serve alike: the calculator behind the access log. */
export async function suiteCore(): Promise<Composition> {
  return composeSuite([{ as: "calculator", bytes: await ready("calculator") }]);
}

/** The same with a tool that never returns. */
export async function endlessCore(): Promise<Composition> {
  const entry = fileURLToPath(new URL("../fixtures/components/endless.ts", import.meta.url));
  const { bytes } = await buildComponent({ entry });
  return composeSuite([
    { as: "calculator", bytes: await ready("calculator") },
    { as: "endless", bytes },
  ]);
}

async function composeSuite(providers: { as: string; bytes: Uint8Array }[]): Promise<Composition> {
  const middleware = [{ as: "access-log", bytes: await ready("access-log") }];
  return compose({ name: "suite", version: "1.0.0", access: "public", providers, middleware });
}

/** A component of this repository; `npm run build` makes it. */
async function ready(name: string): Promise<Uint8Array> {
  const path = new URL(`../../dist/components/${name}.wasm`, import.meta.url);
  return new Uint8Array(await readFile(path));
}
