import { afterAll, beforeAll, expect, test } from "vitest";
import { runTenon, startTenon, type Serving } from "../fixtures/tenon.ts";

let server: Serving;

beforeAll(async () => {
  server = await startTenon("test/conformance/tenon.json");
});
afterAll(() => server?.stop());

test.each([
  ['{"region":"eu"}', "The region is eu.\n"],
  ['{"region":"Zürich ","urgent":true,"level":{"floor":-1}}', "The region is Zürich .\n"],
])("tenon call sends the header fields that a tool asks for, with %s", (args, text) => {
  const { code, stdout, stderr } = runTenon(["call", server.url, "test_custom_header", args]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: text, stderr: "" });
});

test("tenon call shows the error of a tool that there is not", () => {
  const { code, stderr } = runTenon(["call", server.url, "absent"]);
  expect(code).toBe(1);
  expect(stderr).toContain('the server answered "Unknown tool" (-32602)');
});

test.each<[string, string[], Record<string, string>, string]>([
  ["a token itself", ["--token", "secret-token"], {}, '"--token" is not like env:NAME or file:PATH'],
  [
    "an unset variable",
    ["--token", "env:SUITE_TOKEN"],
    {},
    "the environment variable SUITE_TOKEN: it is empty",
  ],
  [
    "a token of two lines",
    ["--token", "env:SUITE_TOKEN"],
    { SUITE_TOKEN: "secret-token\nx: y" },
    "it is no token of printable ASCII",
  ],
  ["a file that is not there", ["--token", "file:no/such/file"], {}, "no/such/file"],
])("tenon call refuses %s, and never prints it", (_, options, env, message) => {
  const { code, stdout, stderr } = runTenon(["call", server.url, "absent", ...options], { env });
  expect(code).not.toBe(0);
  expect(stderr).toContain(message);
  expect(stdout + stderr).not.toContain("secret-token");
});
