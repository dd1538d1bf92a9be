import { expect, test } from "vitest";
import { compose, readSettings } from "../../../src/compose/index.ts";
import { oneToolProvider } from "../../fixtures/chain-parts.ts";
import { limitedCore } from "../../hosts/fastly/counted-world.ts";

const settings = { limit: 60, windowMs: 60_000, by: ["tool"], cost: { tools: { 'é"\\': 2 } } };

test("readSettings() gives what a core was composed with", async () => {
  const { bytes } = await limitedCore({
    first: settings,
    second: settings,
    third: { ...settings, burst: 5 },
  });
  expect(await readSettings(bytes, "first")).toEqual(settings);
  expect(await readSettings(bytes, "second")).toEqual(settings);
  expect(await readSettings(bytes, "third")).toEqual({ ...settings, burst: 5 });
});

test("readSettings() takes nothing for settings that tenon did not write", async () => {
  const { bytes } = await limitedCore({ limit: settings });
  const text = JSON.stringify(settings);
  const forged = Buffer.from(bytes);
  // What answers for them stores the length of the text, which is one less now.
  const length = Buffer.byteLength(text);
  const store = Buffer.from([0x41, (length & 0x7f) | 0x80, length >> 7, 0x36]);
  const at = forged.lastIndexOf(store, forged.indexOf(text));
  expect(at).toBeGreaterThan(0);
  forged[at + 1]! -= 1;
  await expect(readSettings(forged, "limit")).rejects.toMatchObject({ code: "ERR_HOST_CORE" });
  const broken = Buffer.from(bytes);
  // A text that is no JSON, and the rest as it was.
  broken[broken.indexOf(text) + 1] = 0x27;
  await expect(readSettings(broken, "limit")).rejects.toMatchObject({ code: "ERR_HOST_CORE" });
  const { bytes: without } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [],
  });
  await expect(readSettings(without, "limit")).rejects.toMatchObject({
    code: "ERR_HOST_CORE",
    message: 'Cannot read the settings of "limit": the bytes do not hold them as tenon writes them',
  });
});
