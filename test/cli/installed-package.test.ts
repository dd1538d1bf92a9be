import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundle, BUNDLE_HOSTS } from "tenon/bundle";
import { compose } from "tenon/compose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oneToolProvider } from "../fixtures/chain-parts.ts";
import { ROOT } from "../fixtures/tenon.ts";

let folder: string;
let core: Uint8Array;

/** The package as npm publishes it, beside the packages it depends on and no others. */
beforeAll(async () => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-installed-"));
  const modules = join(folder, "node_modules");
  const home = join(modules, "tenon");
  mkdirSync(home, { recursive: true });
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const tarball = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", join(folder, tarball), "-C", home, "--strip-components", "1"]);
  const { dependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  ({ bytes: core } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [],
  }));
  writeFileSync(join(folder, "core.wasm"), core);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// What a bundle is built of comes out of the package: texts of hosts/, and the JavaScript of adapters and services.
test.each(BUNDLE_HOSTS)(
  "an installed package bundles for %s, to the bytes that a checkout gives",
  async (host) => {
    const { bytes, artifact } = await bundle({ core, host });
    const main = join(folder, "node_modules", "tenon", "dist", "cli", "main.js");
    execFileSync(process.execPath, [main, "bundle", "core.wasm", "--host", host], { cwd: folder });
    const installed = readFileSync(join(folder, `bundle-${host}`, artifact));
    expect(Buffer.compare(installed, bytes)).toBe(0);
  },
  120_000,
);
