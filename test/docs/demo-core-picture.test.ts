import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inspect, renderGraph } from "../../src/inspect/index.ts";
import { composeProject } from "../../src/project/index.ts";
import { ROOT } from "../fixtures/tenon.ts";

/** What a picture says, without sizes and checksums, which move with every change of a component. */
function textOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) =>
    text!.replaceAll(/[\d.]+ [kM]?B\b/g, "SIZE").replaceAll(/sha256:[0-9a-f]+/g, "sha256:DIGEST"),
  );
}

test("docs/images/demo-core.svg shows the server of tenon.json; else run: node scripts/draw-demo-core.mjs", async () => {
  const { bytes } = await composeProject(join(ROOT, "tenon.json"));
  const drawn = readFileSync(join(ROOT, "docs", "images", "demo-core.svg"), "utf8");
  expect(textOf(drawn)).toEqual(textOf(renderGraph(await inspect(bytes))));
});
