// Components that answer with a constant: the floor under what a host costs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { transform } from "esbuild";
import { buildAdapter } from "tenon/build";

const root = join(import.meta.dirname, "..");

/** QuickJS behind wasi:http, answering with a constant. */
export async function engineConstant() {
  const text = await readFile(join(import.meta.dirname, "baselines", "constant.ts"), "utf8");
  const { code } = await transform(text.replaceAll("tenon-wasi:", "wazi:"), { loader: "ts" });
  const { bytes } = await buildAdapter({
    source: code,
    folder: import.meta.dirname,
    wit: await world("wazi:"),
    world: "built",
  });
  // The engine cannot be built against wasi:http under its own name. A copy with a name of the same length can be
  // given the right one in place.
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
