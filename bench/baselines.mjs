// Components that answer with a constant: the floor under what a host costs.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { componentize } from "componentize-qjs";
import { transform } from "esbuild";
import { buildAdapter } from "tenon/build";

const root = join(import.meta.dirname, "..");

/** QuickJS behind wasi:http, answering with a constant: as our build makes it. */
export async function engineConstant() {
  const { bytes } = await buildAdapter({
    source: await constantSource(),
    folder: import.meta.dirname,
    wit: await world("wazi:"),
    world: "built",
  });
  return renamed(bytes);
}

/** The same as the toolchain under our build makes it by itself. */
export async function toolchainConstant() {
  const folder = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  try {
    const witPath = join(folder, "world.wit");
    await writeFile(witPath, await world("wazi:"));
    const jsSource = await constantSource();
    const { component } = await componentize({
      jsSource,
      witPath,
      world: "built",
      sync: true,
      optSize: true,
    });
    return renamed(component);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function constantSource() {
  const text = await readFile(join(import.meta.dirname, "baselines", "constant.ts"), "utf8");
  return (await transform(text.replaceAll("tenon-wasi:", "wazi:"), { loader: "ts" })).code;
}

/**
 * The engine cannot be built against wasi:http under its own name. A copy with a name of the same length can be given the right
 * one in place.
 */
function renamed(bytes) {
  return Buffer.from(Buffer.from(bytes).toString("latin1").replaceAll("wazi:", "wasi:"), "latin1");
}

/** The same without an engine. */
export async function plainConstant() {
  const text = await readFile(join(import.meta.dirname, "baselines", "constant.wat"), "utf8");
  const binary = await parse(text);
  return componentNew(await componentEmbed({ binary, witSource: await world("wasi:"), world: "built" }), []);
}

async function world(namespace) {
  const files = ["hosts/wasi/wit/wasi.wit", "hosts/wasi/wit/http.wit"];
  const packages = await Promise.all(files.map((file) => readFile(join(root, file), "utf8")));
  const text = `package bench:built;
world built {
  import tenon-wasi:http/types@0.2.0;
  export tenon-wasi:http/incoming-handler@0.2.0;
}
${packages.join("\n")}`;
  return text.replaceAll("tenon-wasi:", namespace);
}
