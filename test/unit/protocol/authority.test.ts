import { expect, test } from "vitest";
import { canonicalOrigin, parseAuthority } from "../../../src/protocol/authority.ts";

test("parseAuthority() reads a host and a port, and nothing else", () => {
  expect(parseAuthority("LOCALHOST:3000")).toEqual({ host: "localhost", port: 3000 });
  expect(parseAuthority("[::1]:80")).toEqual({ host: "[::1]", port: 80 });
  expect(parseAuthority("a.example")).toEqual({ host: "a.example", port: undefined });
  for (const bad of [
    "",
    ":80",
    "a b",
    "a/b",
    "u@localhost",
    "localhost:99999",
    "localhost:",
    "a..b",
    "localhost.",
    "x".repeat(400),
  ]) {
    expect(parseAuthority(bad), bad).toBeUndefined();
  }
});

test("canonicalOrigin() drops the default port and refuses what is not an origin", () => {
  expect(canonicalOrigin("HTTPS://App.Example:443")?.origin).toBe("https://app.example");
  expect(canonicalOrigin("http://localhost:80")?.origin).toBe("http://localhost");
  expect(canonicalOrigin("http://localhost:443")?.origin).toBe("http://localhost:443");
  for (const bad of [
    "null",
    "",
    "localhost",
    "file://",
    "https://a.example/",
    "https://u@a.example",
    "constructor://a",
  ]) {
    expect(canonicalOrigin(bad), bad).toBeUndefined();
  }
});
