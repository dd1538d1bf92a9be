import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { runTenon, TENON } from "../fixtures/tenon.ts";

test("tenon without arguments prints the overview and exits with 2", () => {
  const { code, stdout } = runTenon([]);
  expect(code).toBe(2);
  expect(stdout).toContain("Usage: tenon <command> [arguments]");
});

test.each(["build", "compose", "serve", "inspect", "call"])(
  "tenon %s --help prints usage and examples, and exits with 0",
  (name) => {
    const { code, stdout } = runTenon([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: tenon ${name}`);
    expect(stdout).toContain("Examples:");
    expect(stdout.split("\n").length).toBeLessThan(45);
  },
);

test.each([
  [["bild"], 'Cannot run "tenon bild": there is no such command', 'Did you mean "tenon build"?'],
  [["serve", "--prot", "1"], 'Cannot run "tenon serve": unknown option "--prot"', 'Did you mean "--port"?'],
  [["serve", "--port", "99999"], 'Cannot run "tenon serve": "99999" is not a port', "from 0 to 65535"],
  [["serve", "--stdio", "--port", "1"], '"--stdio" does not go with "--port"', "--help"],
  [["serve", "--stdio", "--sessions"], '"--stdio" does not go with "--sessions"', "--help"],
  [["serve", "--allow-origin", "*"], '"*" is not an origin', "like https://app.example"],
  [["serve", "--allow-origin", "https://a.example/"], '"https://a.example/" is not an origin', "like https"],
  [["serve", "--allow-host", "https://a.example"], '"https://a.example" is not a host', "like mcp.example"],
  [["serve", "--public-url", "a.example/mcp"], '"a.example/mcp" is not a public URL', "like https://"],
  [["serve", "--trust-proxy", "10.0.0.0/33"], 'Cannot trust proxy "10.0.0.0/33"', "like 10.0.0.0/8"],
  [["serve", "--task-deadline", "15m"], '"15m" is not a task deadline', "whole seconds from 1 to 86400"],
  [["serve", "--port"], 'option "--port" needs a value', "--help"],
  [["build"], 'Cannot run "tenon build": no entry file is given, and tenon.json names none', "--help"],
  [["compose", "a.wasm", "tenon.json"], "a tenon.json and components cannot be mixed", "--help"],
  [["call", "ftp://x", "add"], '"ftp://x" is not an http or https URL', "--help"],
  [["call", "http://127.0.0.1:1/mcp", "add", "{a:1}"], "the arguments are not JSON: {a:1}", "Quote them"],
])("tenon %j is wrong usage, and says why", (args, message, hint) => {
  const { code, stdout, stderr } = runTenon(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect(stderr).toContain("[ERR_USAGE]");
});

test.each([
  ["TENON_ALLOW_ORIGIN", "https://a.example,*", '"*" is not an origin'],
  ["TENON_TRUST_PROXY", "10.0.0.0/33", 'Cannot trust proxy "10.0.0.0/33"'],
  ["TENON_SESSIONS", "true", 'TENON_SESSIONS is "true"'],
  ["TENON_TASK_DEADLINE", "15m", '"15m" is not a task deadline'],
])("tenon serve with %s=%s is wrong usage, and an option goes before a variable", (name, value, message) => {
  const { code, stderr } = runTenon(["serve", "missing.wasm"], { env: { [name]: value } });
  expect({ code, told: stderr.includes(message) }).toEqual({ code: 2, told: true });
  const option = `--${name.slice("TENON_".length).toLowerCase().replaceAll("_", "-")}`;
  const right = {
    "--allow-origin": "https://a.example",
    "--trust-proxy": "loopback",
    "--task-deadline": "15",
  };
  if (!(option in right)) return;
  const given = runTenon(["serve", "missing.wasm", option, right[option as keyof typeof right]], {
    env: { [name]: value },
  });
  expect(given.stderr).toContain('Cannot read core "missing.wasm"');
});

test("tenon serve of a file that is not there names it and shows no stack trace", () => {
  const { code, stderr } = runTenon(["serve", "missing.wasm"]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'Error: Cannot read core "missing.wasm": there is no such file or folder\n[ERR_FILE]\n',
  );
});

test("tenon call to a server that is not there says so", () => {
  const { code, stderr } = runTenon(["call", "http://127.0.0.1:9/mcp", "add"]);
  expect(code).toBe(1);
  expect(stderr).toContain('Cannot call "add" at http://127.0.0.1:9/mcp: ');
  expect(stderr).toContain('Hint:  Is the server running? Start one with "tenon serve"');
});

test("tenon serve of a component that is not composed names the file and the way out", () => {
  const { code, stderr } = runTenon(["serve", "dist/components/calculator.wasm"]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    'Error: Cannot load core "dist/components/calculator.wasm": it is a provider\n' +
      "Hint:  Compose it first: tenon compose\n[ERR_HOST_CORE]\n",
  );
});

test("tenon ends quietly when its reader has seen enough", () => {
  const script = `"${process.execPath}" "${TENON}" --help | true; exit "\${PIPESTATUS[0]}"`;
  const { status, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
