import { componentEmbed, componentNew, componentWit } from "@bytecodealliance/jco-transpile/wasm-tools";
import { expect, test } from "vitest";

import { worldSource } from "../../../src/wit/index.ts";

test("worldSource() gives one text that wasm-tools resolves without a deps folder", async () => {
  const witSource = worldSource({
    name: "probe",
    imports: ["tenon:host/http@0.1.0", "wasi:clocks/monotonic-clock@0.2.0", "wasi:random/random@0.2.0"],
    exports: ["tenon:mcp/provider@0.1.0"],
    extra: "import in-place: interface { ping: func(); }",
  });
  const core = await componentEmbed({ witSource, dummy: true, world: "probe" });
  const wit = await componentWit(await componentNew(core, []));
  expect(wit.match(/(import|export) [^;{]+/g)?.map((item) => item.trim())).toEqual([
    "import tenon:host/http@0.1.0",
    "import wasi:io/poll@0.2.0",
    "import wasi:clocks/monotonic-clock@0.2.0",
    "import wasi:random/random@0.2.0",
    "import in-place: interface",
    "import tenon:mcp/types@0.1.0",
    "export tenon:mcp/provider@0.1.0",
  ]);
});
