import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { GUARDS } from "../../../scripts/guards.mjs";

// What removing each guard breaks, `npm run prove:guards` shows; here, that each is where it is looked for.

test.for(GUARDS)("$name is in $file, once", async ({ file, code, test: holds }) => {
  const text = await readFile(file, "utf8");
  expect(text.split(code).length - 1).toBe(1);
  expect(await readFile(holds, "utf8")).not.toBe("");
});
