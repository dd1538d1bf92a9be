import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  formatReference,
  openRepository,
  parseReference,
  pushComponent,
  type OciReference,
} from "../../src/oci/index.ts";
import {
  attachSignatures,
  makeKeyPair,
  openPrivateKey,
  sign,
  type PrivateKey,
} from "../../src/signatures/index.ts";
import { runTenonBeside, type Finished } from "../fixtures/tenon.ts";
import { startRegistry, type RunningRegistry } from "./start-registry.ts";

const COMPONENT = fileURLToPath(new URL("../../dist/components/calculator.wasm", import.meta.url));
const WORLD = { imports: [], exports: ["tenon:mcp/provider@0.1.0"] };

/** A registry, and a folder with a component and the keys `ours` and `theirs`. */
export interface SigningBench {
  readonly registry: RunningRegistry;
  readonly folder: string;
  readonly ours: PrivateKey;
  readonly theirs: PrivateKey;
  /** Runs `tenon` in the folder, with the passphrase of the keys. */
  tenon(...args: string[]): Promise<Finished>;
  /** Puts the component into a repository of the registry, signed or not. @returns the reference with its digest */
  publish(name: string, key?: PrivateKey, annotations?: Record<string, string>): Promise<string>;
  stop(): Promise<void>;
}

/** Passphrase of the keys. */
export const PASSPHRASE = "correct horse";

/** Starts a registry and makes the folder. */
export async function startSigningBench(): Promise<SigningBench> {
  const registry = await startRegistry();
  const folder = mkdtempSync(join(tmpdir(), "tenon-signing-"));
  copyFileSync(COMPONENT, join(folder, "calculator.wasm"));
  const env = { TENON_KEY_PASSPHRASE: PASSPHRASE, TENON_CACHE_DIR: join(folder, "cache") };
  const newKey = async (name: string): Promise<PrivateKey> => {
    const { privateKeyPem, publicKeyPem } = await makeKeyPair(PASSPHRASE);
    writeFileSync(join(folder, `${name}.key`), privateKeyPem);
    writeFileSync(join(folder, `${name}.pub`), publicKeyPem);
    return await openPrivateKey(privateKeyPem, name, async () => PASSPHRASE);
  };
  return {
    registry,
    folder,
    ours: await newKey("ours"),
    theirs: await newKey("theirs"),
    tenon: (...args) => runTenonBeside(args, { cwd: folder, env }),
    async publish(name, key, annotations = {}) {
      const reference = parseReference(`${registry.host}/${name}`);
      const manifest = await pushComponent(readFileSync(COMPONENT), reference, { ...WORLD, annotations });
      if (key) {
        const signed = sign(manifest, reference, key);
        await attachSignatures(manifest, openRepository(reference), signed, key.publicKey);
      }
      return formatReference({ ...reference, digest: manifest.digest });
    },
    async stop() {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Puts the signatures under the tag of one artifact beside another. */
export async function copyTagged(from: OciReference, to: OciReference): Promise<void> {
  const repository = openRepository(from);
  const { bytes, descriptor } = await repository.manifest(signatureTag(from));
  await repository.putManifest(bytes, descriptor.mediaType, signatureTag(to));
}

/** The tag that signatures of an artifact are under. */
export function signatureTag({ digest }: OciReference): string {
  return `${digest!.replace(":", "-")}.sig`;
}
