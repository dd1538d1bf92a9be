import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { buildComponent } from "../../src/build/index.ts";
import { compose } from "../../src/compose/index.ts";
import { HOSTS } from "../hosts/hosts.ts";
import { missingSuite, officialSuite } from "./official-suite.ts";

/** Runs the official suite against a bundle, which keeps neither sessions nor tasks. */
export async function officialSuiteOn(name: keyof typeof HOSTS): Promise<void> {
  const host = HOSTS[name]!;
  const missing = missingSuite ?? host.missing;
  const server =
    missing === undefined
      ? await host.start(await core(), { asks: true, reachedBy: ["127.0.0.1"] })
      : undefined;
  afterAll(() => server?.stop());
  await officialSuite(host.name, server?.url, missing);
}

async function core(): Promise<Uint8Array> {
  const entry = fileURLToPath(new URL("../../components/conformance/without-tasks.ts", import.meta.url));
  const log = await readFile(new URL("../../dist/components/access-log.wasm", import.meta.url));
  const { bytes } = await compose({
    name: "conformance",
    version: "1.0.0",
    access: "public",
    providers: [{ as: "conformance", bytes: (await buildComponent({ entry })).bytes }],
    middleware: [{ as: "access-log", bytes: new Uint8Array(log) }],
  });
  return bytes;
}
