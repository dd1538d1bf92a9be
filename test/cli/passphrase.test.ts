import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPrivateKey } from "../../src/signatures/index.ts";
import { findProgram } from "../fixtures/programs.ts";
import { TENON } from "../fixtures/tenon.ts";

// tenon keygen at a terminal, which "script" makes.

const SCRIPT = findProgram("script", { optional: true });

describe.skipIf(SCRIPT.missing !== undefined)("at a terminal", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenon-passphrase-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs `tenon keygen` and types an answer at each prompt; what the terminal showed. */
  function keygen(answers: readonly string[]): Promise<{ code: number | null; shown: string }> {
    const command = `exec "${process.execPath}" "${TENON}" keygen`;
    const { TENON_KEY_PASSPHRASE: _, ...env } = process.env;
    const child = spawn(SCRIPT.path!, ["-qec", command, "/dev/null"], { cwd: folder, env });
    const left = [...answers];
    let shown = "";
    let seen = 0;
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      shown += chunk;
      if (!shown.slice(seen).endsWith(": ")) return;
      seen = shown.length;
      child.stdin.write(left.shift() ?? "");
    });
    return new Promise((resolve) => {
      child.on("close", (code) => resolve({ code, shown }));
    });
  }

  test("keygen asks twice, and shows nothing of it", async () => {
    const { code, shown } = await keygen(["correct horse\r", "correct horse\r"]);
    expect(code).toBe(0);
    expect(shown).toContain('Passphrase for the private key "tenon.key": ');
    expect(shown).not.toContain("horse");
    const pem = readFileSync(join(folder, "tenon.key"), "utf8");
    const opened = await openPrivateKey(pem, "key", async () => "correct horse");
    expect(shown).toContain(opened.publicKey.id);
  });

  test.each([
    ["that differ", ["one\r", "two\r"], "the two are not the same"],
    ["that are empty", ["\r"], "it is empty"],
    ["that are broken off", ["\u0003"], "it was not given"],
  ])("keygen makes no key of answers %s", async (_what, answers, state) => {
    const { code, shown } = await keygen(answers);
    expect(code).toBe(1);
    expect(shown).toContain(state);
    expect(existsSync(join(folder, "tenon.key"))).toBe(false);
  });
});
