import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { runTenonBeside, type Finished } from "../fixtures/tenon.ts";
import { startRegistry, type RunningRegistry } from "./start-registry.ts";

const COMPONENT = fileURLToPath(new URL("../../dist/components/calculator.wasm", import.meta.url));

/** A registry, and a folder with a component and the keys `ours` and `theirs`. */
export interface SigningBench {
  readonly registry: RunningRegistry;
  readonly folder: string;
  /** Runs `tenon` in the folder, with the passphrase of the keys. */
  tenon(...args: string[]): Promise<Finished>;
  /** Pushes the component to a repository of the registry. */
  push(name: string, ...args: string[]): Promise<Pushed>;
  stop(): Promise<void>;
}

/** What `tenon push --json` prints, as far as signatures go. */
export interface Pushed {
  /** With digest. */
  reference: string;
  signer: string | null;
}

/** Passphrase of the keys. */
export const PASSPHRASE = "correct horse";

/** Starts a registry and makes the folder. */
export async function startSigningBench(): Promise<SigningBench> {
  const registry = await startRegistry();
  const folder = mkdtempSync(join(tmpdir(), "tenon-signing-"));
  copyFileSync(COMPONENT, join(folder, "calculator.wasm"));
  const env = { TENON_KEY_PASSPHRASE: PASSPHRASE, TENON_CACHE_DIR: join(folder, "cache") };
  const tenon: SigningBench["tenon"] = (...args) => runTenonBeside(args, { cwd: folder, env });
  for (const name of ["ours", "theirs"]) expect((await tenon("keygen", "-o", name)).code).toBe(0);
  return {
    registry,
    folder,
    tenon,
    async push(name, ...args) {
      const pushed = await tenon("push", "calculator.wasm", `${registry.host}/${name}`, "--json", ...args);
      expect(pushed).toMatchObject({ code: 0 });
      return JSON.parse(pushed.stdout) as Pushed;
    },
    async stop() {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
