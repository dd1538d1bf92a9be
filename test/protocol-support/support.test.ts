import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REVISIONS } from "../../src/protocol/index.ts";
import { composeProject } from "../../src/project/index.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startRuntime } from "../fixtures/runtime-process.ts";
import { ROOT, startTenon, TENON } from "../fixtures/tenon.ts";
import { bundleFile, type BundleFile } from "../hosts/bundle-file.ts";
import { connectHttp, connectStdio, type Connection } from "../fixtures/mcp-connection.ts";
import { FEATURES } from "./features.ts";
import { applies, supportTable, type Findings, type Way } from "./table.ts";

// What every host, transport and revision supports is found out by asking, and compared with findings.json. The table of
// docs/protocol.md is made from that file. BLESS=1 writes both.

const FINDINGS = fileURLToPath(new URL("findings.json", import.meta.url));
const PAGE = join(ROOT, "docs", "protocol.md");
/** Composed by name: all of it, and what needs no services. */
const CORES = ["core", "stateless"];
const BLESS = process.env["BLESS"] === "1";
const revisions = REVISIONS.toReversed();

/** A way, and how to go it. A host that cannot serve a part has a core without it. */
interface Started extends Way {
  missing?: string | undefined;
  /** Starts what connections need. */
  start(): Promise<{ connect(revision: string): Promise<Connection>; stop(): Promise<unknown> }>;
}

const STATE_KEY = "5".repeat(64);
const wasmtime = findProgram("wasmtime");
const viceroy = findProgram("viceroy");
let folder: string;

function overHttp(...options: string[]): Started["start"] {
  return async () => {
    const server = await startTenon(join(folder, "core.wasm"), { args: options });
    return { connect: (revision) => connectHttp(server.url, revision), stop: () => server.stop() };
  };
}

const start = {
  wasmtime: async (file: BundleFile) => {
    const environment = ["-S", "cli", "--env", `TENON_STATE_KEY=${STATE_KEY}`];
    return startRuntime(wasmtime.path!, ["serve", "--addr", "127.0.0.1:0", ...environment, file.path]);
  },
  fastly: async (file: BundleFile) => {
    const options = ["-v", "--addr", "127.0.0.1:0", "-C", file.beside("fastly.toml")];
    return startRuntime(viceroy.path!, ["serve", ...options, file.path], { TENON_STATE_KEY: STATE_KEY });
  },
};

function inRuntime(host: keyof typeof start, core: string, options: Parameters<typeof bundleFile>[2]) {
  return async (): ReturnType<Started["start"]> => {
    const file = await bundleFile(new Uint8Array(readFileSync(join(folder, core))), host, options);
    const server = await start[host](file);
    return {
      connect: (revision) => connectHttp(`${server.origin}/mcp`, revision),
      async stop() {
        await server.stop();
        await file.remove();
      },
    };
  };
}

const ways: readonly Started[] = [
  { name: "Node HTTP", host: "Node", transport: "http", start: overHttp() },
  {
    name: "Node HTTP with sessions",
    host: "Node",
    transport: "http",
    until: "2025-11-25",
    start: overHttp("--sessions"),
  },
  {
    name: "Node stdio",
    host: "Node",
    transport: "stdio",
    start: async () => ({
      connect: (revision) =>
        connectStdio([process.execPath, TENON, "serve", join(folder, "core.wasm"), "--stdio"], revision),
      stop: async () => undefined,
    }),
  },
  {
    name: "wasmtime",
    host: "wasmtime",
    transport: "http",
    missing: wasmtime.missing,
    start: inRuntime("wasmtime", "stateless.wasm", { stateKey: "environment" }),
  },
  {
    name: "Fastly",
    host: "Fastly",
    transport: "http",
    missing: viceroy.missing,
    start: inRuntime("fastly", "stateless.wasm", { stateKey: "secret-store" }),
  },
];

const recorded = JSON.parse(readFileSync(FINDINGS, "utf8")) as Findings;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenon-support-"));
  for (const name of CORES) {
    const file = fileURLToPath(new URL(`${name}.json`, import.meta.url));
    writeFileSync(join(folder, `${name}.wasm`), (await composeProject(file)).bytes);
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  if (!BLESS) return;
  writeFileSync(FINDINGS, `${JSON.stringify(recorded, undefined, 2)}\n`);
  writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8")));
});

for (const way of ways) {
  const title = way.missing === undefined ? way.name : `${way.name}: NOT RUN, ${way.missing}`;
  describe.skipIf(way.missing !== undefined)(title, () => {
    let server: Awaited<ReturnType<Started["start"]>>;

    beforeAll(async () => {
      server = await way.start();
    });
    afterAll(() => server?.stop());

    test.for(revisions.filter((revision) => revision <= (way.until ?? revision)))(
      "%s does what findings.json says",
      { timeout: 120_000 },
      async (revision) => {
        const connection = await server.connect(revision);
        const working: string[] = [];
        for (const feature of FEATURES.filter((each) => applies(each, way, revision))) {
          if (await feature.works(connection).catch(() => false)) working.push(feature.name);
        }
        await connection.close();
        if (BLESS) (recorded[way.name] ??= {})[revision] = working;
        else expect(working).toEqual(recorded[way.name]?.[revision]);
      },
    );
  });
}

/** The page with the table between its two marks. */
function withTable(page: string): string {
  const table = supportTable(FEATURES, ways, revisions, recorded);
  return page.replace(
    /(<!-- support:.*?-->\n)[^]*?(<!-- end -->)/,
    (_, before: string, after: string) => `${before}\n${table}\n\n${after}`,
  );
}

test.skipIf(BLESS)("the table of docs/protocol.md is that of findings.json; else run with BLESS=1", () => {
  const page = readFileSync(PAGE, "utf8");
  expect(page).toContain("<!-- support:");
  expect(withTable(page)).toBe(page);
});
