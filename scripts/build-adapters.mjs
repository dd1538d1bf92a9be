// Builds what `tenon bundle` puts around a core, to dist/components: the adapter of each host, and the services of hosts
// with standard WASI. Nothing is built again while its sources and the toolchain are the same.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentEmbed, componentNew, parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { buildAdapter } from "../dist/src/build/index.js";
import { worldSource } from "../dist/src/wit/index.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUTPUT = join(ROOT, "dist/components");
const SOURCES = [
  "hosts/wasi",
  "hosts/wasmtime",
  "hosts/fastly",
  "src/protocol",
  "src/guest",
  "src/build",
  "wit",
  "package-lock.json",
];

/** What adapters import besides the interfaces of their host. */
const SERVICES = [
  "tenon:adapter/call@0.1.0",
  "tenon:adapter/settings@0.1.0",
  "tenon:host/log@0.1.0",
  "tenon:mcp/catalog@0.1.0",
  "tenon:mcp/handler@0.1.0",
  "wasi:random/random@0.2.0",
];
const ADAPTERS = [
  {
    host: "wasmtime",
    wit: ["hosts/wasi/wit/adapter.wit", "hosts/wasi/wit/wasi.wit", "hosts/wasmtime/wit/wasi-http.wit"],
    imports: ["tenon-wasi:http/types@0.2.0", "tenon:adapter/state-key@0.1.0"],
    exports: ["tenon-wasi:http/incoming-handler@0.2.0"],
  },
  {
    host: "fastly",
    wit: ["hosts/wasi/wit/adapter.wit", "hosts/fastly/wit/compute.wit"],
    imports: [
      "fastly:compute/http-body@0.1.0",
      "fastly:compute/http-downstream@0.1.0",
      "fastly:compute/http-req@0.1.0",
      "fastly:compute/http-resp@0.1.0",
    ],
    exports: ["fastly:compute/http-incoming@0.1.0"],
  },
];

async function adapter({ host, wit, imports, exports }) {
  const folder = mkdtempSync(join(tmpdir(), "tenon-adapter-"));
  try {
    const witDir = join(folder, "world.wit");
    writeFileSync(witDir, world([...SERVICES, ...imports], exports, wit));
    const entry = join(ROOT, "hosts", host, "adapter.ts");
    return (await buildAdapter({ entry, witDir, world: "built" })).bytes;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a component of `hosts/wasi/<name>.wat`. */
async function service(name, imports, exports) {
  const witSource = world(imports, exports, ["hosts/wasi/wit/adapter.wit", "hosts/wasi/wit/wasi.wit"]);
  const binary = await parse(readFileSync(join(ROOT, "hosts/wasi", `${name}.wat`), "utf8"));
  return componentNew(await componentEmbed({ binary, witSource, world: "built" }), []);
}

function world(imports, exports, files) {
  const packages = files.map((file) => readFileSync(join(ROOT, file), "utf8"));
  return [worldSource({ name: "built", imports, exports }), ...packages].join("\n");
}

function write(name, bytes) {
  writeFileSync(join(OUTPUT, `adapter-${name}.wasm`), bytes);
  console.log(`adapter-${name}: ${(bytes.length / 1024).toFixed(0)} KiB`);
}

function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  const add = (path) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(`${path.slice(ROOT.length)}\0`).update(readFileSync(path));
  };
  for (const source of SOURCES) add(join(ROOT, source));
  return hash.digest("hex");
}

const stamp = join(OUTPUT, "adapters.sha256");
const inputs = fingerprint();
const upToDate = () => {
  try {
    return readFileSync(stamp, "utf8") === inputs;
  } catch {
    return false;
  }
};
if (!upToDate()) {
  mkdirSync(OUTPUT, { recursive: true });
  write(
    "services",
    await service(
      "services",
      ["tenon-wasi:cli/stderr@0.2.0", "tenon-wasi:clocks/wall-clock@0.2.0", "tenon-wasi:io/streams@0.2.0"],
      ["tenon:adapter/call@0.1.0", "tenon:host/log@0.1.0", "tenon:mcp/outbox@0.1.0"],
    ),
  );
  write(
    "state-key",
    await service("state-key", ["tenon-wasi:cli/environment@0.2.0"], ["tenon:adapter/state-key@0.1.0"]),
  );
  for (const definition of ADAPTERS) write(definition.host, await adapter(definition));
  writeFileSync(stamp, inputs);
}
