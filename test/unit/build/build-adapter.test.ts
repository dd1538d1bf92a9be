import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { buildAdapter } from "../../../src/build/index.ts";
import { ToolkitError } from "../../../src/errors/index.ts";
import { withFreshCache } from "../../fixtures/fresh-cache.ts";

const WIT = `package demo:adapter@0.1.0;
interface words { shout: func(text: string) -> string; }
world adapter { export words; }
`;

async function build(source: string): Promise<Uint8Array> {
  const { bytes } = await buildAdapter({ source, folder: tmpdir(), wit: WIT, world: "adapter" });
  return bytes;
}

test("buildAdapter() builds a component of the world it is given, with equal bytes for equal sources", async () => {
  const source = "export const words = { shout: (text) => text.toUpperCase() };";
  const [first, second] = [
    await withFreshCache(() => build(source)),
    await withFreshCache(() => build(source)),
  ];
  expect(Buffer.from(first).includes("demo:adapter/words@0.1.0")).toBe(true);
  expect(Buffer.from(second).equals(Buffer.from(first))).toBe(true);
});

test("buildAdapter() takes what the engine made before, unless that was changed since", async () => {
  const source = "export const words = { shout: (text) => `${text}!` };";
  await withFreshCache(async () => {
    const first = await build(source);
    const kept = join(process.env["TENON_CACHE_DIR"]!, "components");
    const files = await readdir(kept, { recursive: true });
    // What joins the engine with the world, and the memory that the module left.
    for (const name of ["glue.wasm", "memory"]) {
      const file = join(
        kept,
        files.find((each) => basename(each) === name)!,
      );
      const made = await readFile(file);
      const { mtimeMs } = await stat(file);
      expect(Buffer.from(await build(source)).equals(Buffer.from(first))).toBe(true);
      expect((await stat(file)).mtimeMs).toBe(mtimeMs);

      await writeFile(file, Buffer.concat([made.subarray(0, -1), Buffer.from("x")]));
      expect(Buffer.from(await build(source)).equals(Buffer.from(first))).toBe(true);
      expect((await readFile(file)).equals(made)).toBe(true);
    }
  });
});

test("buildAdapter() says why the engine refuses a module", async () => {
  const error: unknown = await build(
    'import { x } from "demo:adapter/other@0.1.0";\nexport const words = { x };',
  ).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ToolkitError);
  expect(error).toMatchObject({ code: "ERR_BUILD_ENGINE" });
  expect((error as ToolkitError).message).toContain("demo:adapter/other@0.1.0");
});
