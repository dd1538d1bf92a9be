import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { buildComponent } from "../../src/build/index.ts";
import { compose, type Composition } from "../../src/compose/index.ts";

/** The core that every host must serve alike: the calculator, a resource and a prompt behind the access log. */
export async function suiteCore(): Promise<Composition> {
  return composeSuite([
    { as: "calculator", bytes: await ready("calculator") },
    { as: "offers", bytes: await fixture("offers") },
  ]);
}

/** The same with a tool that never returns. */
export async function endlessCore(): Promise<Composition> {
  return composeSuite([
    { as: "calculator", bytes: await ready("calculator") },
    { as: "endless", bytes: await fixture("endless") },
  ]);
}

/** The same with what asks its client. */
export async function askingCore(): Promise<Composition> {
  return composeSuite([{ as: "asking", bytes: await fixture("asking") }]);
}

/** Opens {@link streamingCore}. */
export const API_KEY = "a-key-of-more-than-twenty-characters";

/** Tools that notify, behind a middleware that refuses whoever has no key. */
export async function streamingCore(): Promise<Composition> {
  const keys = [{ id: "suite", sha256: createHash("sha256").update(API_KEY).digest("hex") }];
  return compose({
    name: "streaming",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "streaming", bytes: await fixture("streaming") }],
    middleware: [{ as: "auth-api-key", bytes: await ready("auth-api-key"), settings: { keys } }],
  });
}

async function composeSuite(providers: { as: string; bytes: Uint8Array }[]): Promise<Composition> {
  const middleware = [{ as: "access-log", bytes: await ready("access-log") }];
  return compose({ name: "suite", version: "1.0.0", access: "public", providers, middleware });
}

/** A component of `test/fixtures/components`. */
async function fixture(name: string): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL(`../fixtures/components/${name}.ts`, import.meta.url));
  return (await buildComponent({ entry })).bytes;
}

/** A component of this repository; `npm run build` makes it. */
async function ready(name: string): Promise<Uint8Array> {
  const path = new URL(`../../dist/components/${name}.wasm`, import.meta.url);
  return new Uint8Array(await readFile(path));
}
