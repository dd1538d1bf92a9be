// Packs the package as npm would publish it, and lets publint and attw judge the tarball.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "tenon-pack-"));
try {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [report] = Object.values(JSON.parse(packed));
  const tarball = join(folder, report.filename);
  const bins = join(import.meta.dirname, "..", "node_modules", ".bin");
  execFileSync(join(bins, "publint"), ["run", tarball, "--strict"], { stdio: "inherit" });
  // JSON schemas and WIT files are data: they have no types to check.
  execFileSync(
    join(bins, "attw"),
    [tarball, "--profile", "esm-only", "--exclude-entrypoints", "./schema/*", "./wit/*", "./package.json"],
    { stdio: "inherit" },
  );
  const files = report.files.map(({ path }) => path);
  const missing = [
    "dist/components/access-log.wasm",
    "dist/hosts/wasmtime/adapter.js",
    "hosts/fastly/wit/compute.wit",
    "hosts/spin/variables.wat",
    "hosts/spin/wit/keyvalue.wit",
    "hosts/wasi/services.wat",
    "hosts/wasi/wit/adapter.wit",
    "hosts/wasi/wit/http.wit",
    "schema/tenon.schema.json",
    "templates/shared/gitignore",
    "templates/shared/package.json",
    "wit/types.wit",
    "LICENSE",
  ].filter((file) => !files.includes(file));
  if (missing.length > 0) throw new Error(`the package lacks ${missing.join(", ")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
