import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

// What removing each guard breaks, `npm run prove:guards` shows; here, that each is where it is looked for.

interface Guard {
  name: string;
  file: string;
  code: string;
  test: string;
}

const place = new URL("../../../scripts/guards.mjs", import.meta.url).href;
const { GUARDS } = (await import(place)) as { GUARDS: Guard[] };

test.for(GUARDS)("$name is in $file, once", async ({ file, code, test: holds }) => {
  const text = await readFile(file, "utf8");
  expect(text.split(code).length - 1).toBe(1);
  expect(await readFile(holds, "utf8")).not.toBe("");
});
