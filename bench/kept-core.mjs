// Cores that are composed once and kept until the toolkit is built anew.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "dist", "bench", "cores");
/** What goes into a core. */
const SOURCES = ["dist/src", "dist/components", "dist/modules", "bench/parts.mjs"];

/** The core that `make` composes, which is not asked when it is kept from an earlier time; `name` says which one it is. */
export async function keptCore(name, make) {
  const prefix = `${name}-`;
  const file = join(folder, `${prefix}${fingerprint()}.wasm`);
  try {
    return readFileSync(file);
  } catch {
    const bytes = await make();
    mkdirSync(folder, { recursive: true });
    for (const old of readdirSync(folder))
      if (old.startsWith(prefix)) rmSync(join(folder, old), { force: true });
    const partial = `${file}.${process.pid}`;
    writeFileSync(partial, bytes);
    renameSync(partial, file);
    return bytes;
  }
}

/** By sizes and times alone: reading all of it would take longer than what is saved. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(root, source);
    const files = statSync(path).isFile()
      ? [""]
      : readdirSync(path, { encoding: "utf8", recursive: true }).sort();
    for (const file of files) {
      const { size, mtimeMs } = statSync(join(path, file));
      hash.update(`${source}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex").slice(0, 16);
}
