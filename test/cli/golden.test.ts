import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runTenon } from "../fixtures/tenon.ts";

// What the commands print, whole: one file in golden/ for each run. "npx vitest run test/cli/golden -u" writes them anew.

const SOURCE = `import { defineMiddleware, defineTool, provider } from "tenon";

const schema = {
  "~standard": {
    version: 1 as const,
    vendor: "golden",
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => ({ type: "object" }), output: () => ({ type: "object" }) },
  },
};
const remember = defineTool({
  name: "remember",
  description: "Remembers what it is told",
  input: schema,
  run: () => "noted",
});

export default provider({
  name: "memory",
  version: "1.0.0",
  tools: [remember],
  capabilities: { kv: "keeps what it is told", http: "reads \\"pages\\"" },
});
`;

const PROJECT = {
  name: "golden",
  version: "1.0.0",
  access: "public",
  providers: { memory: "./dist/memory.wasm" },
  middleware: [{ use: "access-log" }],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "tenon-golden-"));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src", "memory.ts"), SOURCE);
  writeFileSync(join(folder, "src", "broken.ts"), `${SOURCE}const x: = 1;\n`);
  writeFileSync(join(folder, "src", "not-a-component.ts"), "export default 1;\n");
  writeFileSync(join(folder, "granted.json"), text({ grants: { memory: { kv: ["memory/"] } } }));
  writeFileSync(join(folder, "ready-made.json"), text({ providers: { sums: "calculator" } }));
  writeFileSync(join(folder, "tenon.json"), text({ providers: { memory: "./src/memory.ts" } }));
  writeFileSync(join(folder, "comma.json"), text({}).replace('"public",', '"public"'));
  writeFileSync(join(folder, "twice.json"), text({}).replace('"version"', '"name"'));
  writeFileSync(join(folder, "keys.json"), text({ acess: 1, middleware: [{ us: 1 }], access: "secret" }));
  writeFileSync(join(folder, "missing.json"), text({ providers: { memory: "./dist/nothing.wasm" } }));
  writeFileSync(join(folder, "broken.json"), text({ providers: { broken: "./src/broken.ts" } }));
  writeFileSync(join(folder, "middleware.json"), text({ middleware: [{ use: "acess-log" }] }));
  writeFileSync(
    join(folder, "settings.json"),
    text({ middleware: [{ use: "access-log", config: { levle: 1 } }] }),
  );
  writeFileSync(join(folder, "grant-part.json"), text({ grants: { memroy: { kv: ["a/"] } } }));
  writeFileSync(
    join(folder, "grant-kind.json"),
    text({ grants: { memory: { secrets: [{ name: "KEY" }] } } }),
  );
  writeFileSync(join(folder, "calls.json"), '[{ "tool": "remember" }, { "tool": "forget" }]\n');
  writeFileSync(join(folder, "bad-calls.json"), '[{ "tool": "remember" }, { "tol": "remember" }]\n');
  const limits = { http: { bodybytes: 4096 }, calls: { deadlineMs: "10s" } };
  writeFileSync(join(folder, "limits.json"), `${JSON.stringify(limits, null, 2)}\n`);
  const origin = "https://API.example:443";
  writeFileSync(join(folder, "grant-origin.json"), text({ grants: { memory: { http: [{ origin }] } } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function text(change: object): string {
  return `${JSON.stringify({ ...PROJECT, ...change }, null, 2)}\n`;
}

const COMMANDS = [
  "new",
  "dev",
  "build",
  "compose",
  "serve",
  "bundle",
  "inspect",
  "diff",
  "push",
  "pull",
  "verify",
  "keygen",
  "audit",
  "call",
];

test.each([
  ["overview", ["--help"]],
  ...COMMANDS.map((name): [string, string[]] => [`help-${name}`, [name, "--help"]]),
  ["unknown-command", ["complie"]],
  ["unknown-command-far", ["zzz"]],
  ["flag-new", ["new", "x", "--tempalte", "tool"]],
  ["flag-dev", ["dev", "--prot", "1"]],
  ["flag-build", ["build", "a.ts", "--outptu", "x"]],
  ["flag-compose", ["compose", "--jsn"]],
  ["flag-serve", ["serve", "--stido"]],
  ["flag-bundle", ["bundle", "--host", "wasmtime", "--allow-hots", "mcp.example"]],
  ["bundle-no-host", ["bundle", "core.wasm"]],
  ["bundle-host", ["bundle", "core.wasm", "--host", "wasmtme"]],
  ["bundle-origin", ["bundle", "core.wasm", "--host", "wasmtime", "--allow-origin", "app.example"]],
  ["bundle-state-key", ["bundle", "core.wasm", "--host", "wasmtime", "--state-key", "0123456789abcdef"]],
  ["bundle-deadline", ["bundle", "core.wasm", "--host", "wasmtime", "--deadline", "10s"]],
  ["bundle-stdout", ["bundle", "core.wasm", "--host", "wasmtime", "-o", "-"]],
  ["flag-inspect", ["inspect", "a.wasm", "--grahp", "x.svg"]],
  ["flag-diff", ["diff", "a.wasm", "b.wasm", "--alow", "definitions"]],
  ["diff-allow", ["diff", "a.wasm", "b.wasm", "--allow", "definition"]],
  ["diff-one", ["diff", "a.wasm"]],
  ["flag-verify", ["verify", "registry.example/a", "--kye", "a.pub"]],
  ["verify-nothing", ["verify"]],
  ["verify-both", ["verify", "registry.example/a", "--key", "a.pub", "--config", "tenon.json"]],
  ["verify-rules", ["verify", "registry.example/a", "--config", "missing.json"]],
  ["verify-key", ["verify", "registry.example/a", "--key", "nothing.pub"]],
  ["verify-kind", ["verify", "registry.example/a", "--key", "tenon.json"]],
  ["flag-keygen", ["keygen", "--outptu", "x"]],
  ["keygen-argument", ["keygen", "x"]],
  ["keygen-terminal", ["keygen", "-o", "x"]],
  ["flag-audit", ["audit", "verify", "a.log", "--jsno"]],
  ["audit-verfy", ["audit", "verfy", "a.log"]],
  ["audit-missing", ["audit", "verify", "nothing.log"]],
  ["audit-key", ["audit", "verify", "a.log", "--key", "0123456789abcdef"]],
  ["audit-key-alone", ["serve", "--audit-key", "env:KEY"]],
  ["serve-limits", ["serve", "core.wasm", "--limits", "limits.json"]],
  ["flag-call", ["call", "http://127.0.0.1:9/mcp", "x", "--jsno"]],
  // It leaves dist/memory.wasm, which those below compose.
  ["build", ["build"]],
  ["build-json", ["build", "src/memory.ts", "--json"]],
  ["build-broken", ["build", "src/broken.ts"]],
  ["build-no-component", ["build", "src/not-a-component.ts"]],
  ["build-missing", ["build", "src/nothing.ts"]],
  ["build-twice", ["build", "src/memory.ts", "./src/memory.ts"]],
  ["compose-ungranted", ["compose", "-o", "core.wasm"]],
  ["compose-granted", ["compose", "granted.json", "-o", "core.wasm"]],
  ["compose-json", ["compose", "granted.json", "-o", "core.wasm", "--json"]],
  ["compose-files", ["compose", "dist/memory.wasm", "--use", "access-log", "-o", "core.wasm"]],
  ["compose-ready-made", ["compose", "ready-made.json", "-o", "core.wasm"]],
  ["bundle", ["bundle", "core.wasm", "--host", "wasmtime"]],
  ["inspect-bundle", ["inspect", "bundle-wasmtime/server.wasm"]],
  ["bundle-json", ["bundle", "core.wasm", "--host", "wasmtime", "--json"]],
  ["bundle-foreign", ["bundle", "core.wasm", "--host", "wasmtime", "-o", "src"]],
  ["bundle-kv", ["bundle", "granted.json", "--host", "wasmtime"]],
  ["bundle-rate-counters", ["bundle", "core.wasm", "--host", "spin", "--rate-counters", "limits/"]],
  ["record", ["compose", "granted.json", "--record", "calls.json"]],
  ["record-calls", ["compose", "granted.json", "--record", "bad-calls.json"]],
  ["record-output", ["compose", "--record", "calls.json", "-o", "core.wasm"]],
  ["config-comma", ["compose", "comma.json"]],
  ["config-twice", ["compose", "twice.json"]],
  ["config-keys", ["compose", "keys.json"]],
  ["config-none", ["serve", "nowhere.json"]],
  ["component-missing", ["compose", "missing.json"]],
  ["component-broken", ["compose", "broken.json"]],
  ["middleware-unknown", ["compose", "middleware.json"]],
  ["middleware-settings", ["compose", "settings.json"]],
  ["grant-part", ["compose", "grant-part.json"]],
  ["grant-kind", ["compose", "grant-kind.json"]],
  ["grant-origin", ["compose", "grant-origin.json"]],
])(
  "golden/%s.txt: tenon %j",
  async (name, args) => {
    const { code, stdout, stderr } = runTenon(args, { cwd: folder });
    const printed = [`$ tenon ${args.join(" ")}`, normalise(stdout), normalise(stderr), `exit ${code}`];
    const whole = printed.filter((part) => part !== "").join("\n");
    await expect(`${whole}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  },
  60_000,
);

/** Sizes, digests and the version change with every release of the toolchain. */
function normalise(output: string): string {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  return output
    .trimEnd()
    .replaceAll(folder, "FOLDER")
    .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:DIGEST")
    .replaceAll(/\d+(?:\.\d+)? [kM]?B\b/g, "SIZE")
    .replaceAll(/("(?:raw|gzip)": )\d+/g, "$1SIZE")
    .replaceAll(`"sdk": "${version}"`, '"sdk": "VERSION"')
    .replaceAll(/\bsdk \S+, quickjs \S+/g, "sdk VERSION, quickjs VERSION")
    .replaceAll(/("name": "quickjs",\s+"version": ")[^"]+/g, "$1VERSION")
    .replaceAll(/\b\d+ functions answered/g, "N functions answered")
    .replaceAll(/("stubs": \[)[^]*?(\n {2}\])/g, "$1 … $2");
}
