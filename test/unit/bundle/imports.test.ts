import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { bundle, type BundleHost, type BundleInput } from "../../../src/bundle/index.ts";
import { coreImports } from "../../../src/bundle/core-imports.ts";
import { compose, coreOf, type ComposeInput } from "../../../src/compose/index.ts";
import { authenticating } from "../../fixtures/chain-parts.ts";
import { everyService, GRANTS } from "../../fixtures/every-service.ts";

// What each host has to give to a bundle, whole: a line more is a capability that nobody granted.

/** What a core was granted or does; its one tool imports every service, whether granted or not. */
type Case = keyof typeof GRANTS | "asking" | "authenticated" | "nothing";

const cores = new Map<Case, Uint8Array>();
beforeAll(async () => {
  const auth = { as: "auth", bytes: await authenticating() };
  const inputs: [Case, ComposeInput][] = [
    ["nothing", await everyService()],
    ...(await Promise.all(
      Object.entries(GRANTS).map(async ([name, all]): Promise<[Case, ComposeInput]> => [
        name as Case,
        { ...(await everyService()), grants: { all } },
      ]),
    )),
    ["asking", await everyService({ asks: true })],
    ["authenticated", { ...(await everyService()), access: "authenticated", middleware: [auth] }],
  ];
  for (const [name, input] of inputs) cores.set(name, (await compose(input)).bytes);
}, 120_000);

/** For the log, and what every engine has. */
const ALWAYS = [
  "wasi:cli/stderr@0.2.0",
  "wasi:clocks/monotonic-clock@0.2.0",
  "wasi:clocks/wall-clock@0.2.0",
  "wasi:io/error@0.2.0",
  "wasi:io/streams@0.2.0",
  "wasi:random/random@0.2.0",
];

/**
 * To serve. An interface brings those whose types it names: `http-req` of Fastly `async-io` and `backend`, although there is
 * no backend to open without http; `io/streams` brings `io/poll`.
 */
const SERVING: Record<BundleHost, readonly string[]> = {
  wasmtime: ["wasi:http/types@0.2.0", "wasi:io/poll@0.2.0"],
  spin: ["wasi:http/types@0.2.0", "wasi:io/poll@0.2.0"],
  fastly: [
    "fastly:compute/async-io@0.1.0",
    "fastly:compute/backend@0.1.0",
    "fastly:compute/http-body@0.1.0",
    "fastly:compute/http-downstream@0.1.0",
    "fastly:compute/http-req@0.1.0",
    "fastly:compute/http-resp@0.1.0",
    "fastly:compute/http-types@0.1.0",
    "fastly:compute/types@0.1.0",
  ],
  stdio: ["wasi:cli/stdin@0.2.0", "wasi:cli/stdout@0.2.0", "wasi:io/poll@0.2.0"],
};

const ENVIRONMENT = ["wasi:cli/environment@0.2.0"];
const VARIABLES = ["wasi:config/store@0.2.0-draft-2024-09-27"];
const OUTGOING = ["wasi:http/outgoing-handler@0.2.0"];

/** What each grant opens besides. */
const OPENED: [BundleHost, Case, readonly string[], Omit<BundleInput, "core" | "host">?][] = [
  ["wasmtime", "nothing", []],
  ["wasmtime", "http", OUTGOING],
  // A store in the memory of the instance.
  ["wasmtime", "kv", [], { kv: "instance" }],
  ["wasmtime", "config", ENVIRONMENT],
  ["wasmtime", "secrets", ENVIRONMENT],
  ["wasmtime", "asking", ENVIRONMENT, { stateKey: "environment" }],
  ["wasmtime", "authenticated", []],
  ["spin", "nothing", []],
  ["spin", "http", OUTGOING],
  ["spin", "kv", ["wasi:keyvalue/atomics@0.2.0-draft2", "wasi:keyvalue/store@0.2.0-draft2"]],
  ["spin", "config", VARIABLES],
  ["spin", "secrets", VARIABLES],
  ["spin", "asking", VARIABLES, { stateKey: "variable" }],
  ["spin", "authenticated", []],
  ["fastly", "nothing", []],
  ["fastly", "http", []],
  ["fastly", "kv", ["fastly:compute/kv-store@0.1.0"]],
  ["fastly", "config", ["fastly:compute/config-store@0.1.0"]],
  ["fastly", "secrets", ["fastly:compute/secret-store@0.1.0"]],
  ["fastly", "asking", ["fastly:compute/secret-store@0.1.0"], { stateKey: "secret-store" }],
  ["fastly", "authenticated", []],
  ["stdio", "nothing", []],
  ["stdio", "http", ["wasi:http/types@0.2.0", ...OUTGOING]],
  ["stdio", "kv", [], { kv: "instance" }],
  ["stdio", "config", ENVIRONMENT],
  ["stdio", "secrets", ENVIRONMENT],
  ["stdio", "asking", ENVIRONMENT],
  // Its client hands the credential over in a variable.
  ["stdio", "authenticated", ENVIRONMENT],
];

describe("a bundle imports what serving needs and what was granted, around the bytes of the core", () => {
  test.each(OPENED)(
    "for %s, %s",
    async (host, name, opened, options = {}) => {
      const core = cores.get(name)!;
      const { bytes, imports, coreDigest } = await bundle({ core, host, ...options });
      const expected = [...ALWAYS, ...SERVING[host], ...opened].sort();
      expect((await coreImports(bytes)).sort()).toEqual(expected);
      expect(imports).toEqual(expected);
      expect(Buffer.compare(coreOf(bytes)!, core)).toBe(0);
      expect(coreDigest).toBe(`sha256:${createHash("sha256").update(core).digest("hex")}`);
    },
    120_000,
  );
});
