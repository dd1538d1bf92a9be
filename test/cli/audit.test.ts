import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { handlerCore } from "../hosts/node/handler-core.ts";
import { runTenon, startTenon } from "../fixtures/tenon.ts";

const folder = mkdtempSync(join(tmpdir(), "tenon-audit-"));
const core = join(folder, "core.wasm");
const KEY = "ab".repeat(32);
const cache = { TENON_CACHE_DIR: join(folder, "cache") };
/** Processes start slowly on a busy machine. */
const STARTS_MS = 120_000;

beforeAll(async () => {
  writeFileSync(core, await handlerCore());
});

afterAll(() => rmSync(folder, { recursive: true }));

async function callTool(url: string, name: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
  });
  await response.text();
}

test(
  "serve --audit-log records every line, and audit verify finds the one that was changed",
  async () => {
    const path = join(folder, "audit.log");
    const env = { ...cache, TENON_AUDIT_KEY: KEY };
    for (const tool of ["log", "throw"]) {
      const serving = await startTenon(core, { args: ["--audit-log", path], env });
      await callTool(serving.url, tool);
      const second = runTenon(["serve", core, "--port", "0", "--audit-log", path], { env });
      expect(second.stderr).toMatch(
        /Error: Cannot open audit log ".*audit\.log": process \d+ on ".*" uses it\n/,
      );
      expect(await serving.stop()).toBe(0);
      expect(serving.output()).toContain(tool === "log" ? "and two" : "trapped");
    }
    const whole = runTenon(["audit", "verify", path], { env });
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    expect(whole.stdout).toMatch(/audit\.log: 6 lines, none changed, last [0-9a-f]{64}\n$/);
    expect(runTenon(["audit", "verify", path], { env: cache }).stdout).toContain(
      "macs not checked: no key is given",
    );

    const text = readFileSync(path, "utf8");
    expect(text).not.toContain(KEY);
    writeFileSync(path, text.replace('tools/call \\"throw\\"', 'tools/call \\"threw\\"'));
    const changed = runTenon(["audit", "verify", path, "--key", "env:TENON_AUDIT_KEY"], { env });
    expect([changed.code, changed.stdout]).toEqual([1, ""]);
    expect(changed.stderr).toContain(`Error: Cannot trust "${path}": 2 things are wrong
       line 5: its mac is not that of the key: it was changed, or written with another key
       line 6: it does not join line 5: one of the two was changed
`);
    expect(changed.stderr).toContain("[ERR_AUDIT]");
    const json = runTenon(["audit", "verify", path, "--json"], { env: cache });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      lines: 6,
      keyed: true,
      macs: "not checked",
      head: "closed",
      findings: [{ line: 6, problem: "it does not join line 5: one of the two was changed" }],
    });
  },
  STARTS_MS,
);

test(
  "a server that was killed leaves a log that verifies, and the next one goes on with it",
  async () => {
    const path = join(folder, "killed.log");
    const first = await startTenon(core, { env: { ...cache, TENON_AUDIT_LOG: path } });
    await callTool(first.url, "log");
    await first.stop("SIGKILL");
    const left = runTenon(["audit", "verify", path]);
    expect(left).toMatchObject({ code: 0, stderr: "" });
    expect(left.stdout).toContain(
      "written without a key: whoever could write both files could write them anew",
    );
    const next = await startTenon(core, { args: ["--audit-log", path], env: cache });
    expect(await next.stop()).toBe(0);
    const messages = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages.filter((message) => message.startsWith("audit log"))).toEqual([
      "audit log opened",
      "audit log opened",
      "audit log closed",
    ]);
    expect(runTenon(["audit", "verify", path])).toMatchObject({ code: 0 });
    rmSync(`${path}.head`);
    const headless = runTenon(["audit", "verify", path]);
    expect(headless.code).toBe(1);
    expect(headless.stderr).toContain('"--without-head" checks the rest');
    expect(runTenon(["audit", "verify", path, "--without-head"]).stdout).toContain("head not checked");
  },
  STARTS_MS,
);
