import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../fixtures/free-port.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startProgram } from "../fixtures/running-program.ts";

/** Docker's registry, or why it is not there. */
export const REGISTRY = findProgram("docker-registry");

/** A registry that a suite started. */
export interface RunningRegistry {
  /** `localhost:port`, as in references. */
  host: string;
  /** What it logged. */
  output(): string;
  stop(): Promise<unknown>;
}

/** How a registry is started. */
export interface RegistryOptions {
  /** Lines of an htpasswd file, with bcrypt: everyone else is turned away. */
  htpasswd?: string;
  /** Files in PEM: it speaks TLS. */
  tls?: { certificate: string; key: string };
}

/** Starts a registry on loopback, with a store of its own that is gone when it stops. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "tenon-registry-"));
  const config: Record<string, unknown> = {
    version: 0.1,
    log: { level: "info", formatter: "text" },
    storage: { filesystem: { rootdirectory: join(folder, "store") }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, ...(options.tls && { tls: options.tls }) },
  };
  if (options.htpasswd !== undefined) {
    const path = join(folder, "htpasswd");
    writeFileSync(path, options.htpasswd);
    config["auth"] = { htpasswd: { realm: "tests", path } };
  }
  const file = join(folder, "config.yml");
  // YAML takes JSON as it is.
  writeFileSync(file, JSON.stringify({ ...config, version: "0.1" }));
  const running = startProgram(REGISTRY.path!, ["serve", file], { cwd: folder });
  await running.until(/listening on/);
  return {
    host: `localhost:${port}`,
    output: () => running.output(),
    async stop() {
      await running.stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
