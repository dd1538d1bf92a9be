import { createFindPeer } from "tenon/hosts/node";
import { describe, expect, test } from "vitest";

const CLIENT = "203.0.113.9";

describe("createFindPeer()", () => {
  test.each([
    ["nobody is trusted", [], "10.0.0.1", { "x-forwarded-for": CLIENT }, "10.0.0.1"],
    ["the other end is not trusted", ["10.0.0.0/8"], "192.0.2.1", { "x-forwarded-for": CLIENT }, "192.0.2.1"],
    ["it is", ["10.0.0.0/8"], "10.0.0.1", { "x-forwarded-for": CLIENT }, CLIENT],
    [
      "a client writes the field",
      ["10.0.0.0/8"],
      "10.0.0.1",
      { "x-forwarded-for": `1.1.1.1, ${CLIENT}` },
      CLIENT,
    ],
    [
      "there are two proxies",
      ["10.0.0.0/8"],
      "10.0.0.1",
      { "x-forwarded-for": `1.1.1.1,${CLIENT}, 10.9.9.9` },
      CLIENT,
    ],
    ["all are trusted", ["10.0.0.0/8"], "10.0.0.1", { "x-forwarded-for": "10.0.0.3, 10.0.0.2" }, "10.0.0.3"],
    ["the field is nonsense", ["10.0.0.0/8"], "10.0.0.1", { "x-forwarded-for": "unknown" }, "10.0.0.1"],
    ["it is empty", ["10.0.0.0/8"], "10.0.0.1", { "x-forwarded-for": "" }, "10.0.0.1"],
    ["there is no field", ["10.0.0.0/8"], "10.0.0.1", {}, "10.0.0.1"],
    [
      "a hop is hidden",
      ["10.0.0.0/8"],
      "10.0.0.1",
      { "x-forwarded-for": `${CLIENT}, _hidden, 10.0.0.2` },
      "10.0.0.2",
    ],
    ["loopback is trusted", ["loopback"], "::1", { "x-forwarded-for": CLIENT }, CLIENT],
    [
      "an IPv4 address comes as IPv6",
      ["loopback"],
      "::ffff:127.0.0.1",
      { "x-forwarded-for": CLIENT },
      CLIENT,
    ],
    ["an address has a port", ["192.0.2.7"], "192.0.2.7", { "x-forwarded-for": `${CLIENT}:4711` }, CLIENT],
    [
      "Forwarded is used",
      ["192.0.2.7"],
      "192.0.2.7",
      { forwarded: `for=1.1.1.1, for=${CLIENT};proto=https` },
      CLIENT,
    ],
    [
      "it names IPv6",
      ["2001:db8::/32"],
      "2001:db8::1",
      { forwarded: 'proto=http;For="[2001:DB9::9]:80"' },
      "2001:DB9::9",
    ],
    ["it names nobody", ["192.0.2.7"], "192.0.2.7", { forwarded: "proto=https" }, "192.0.2.7"],
    [
      "both fields agree",
      ["192.0.2.7"],
      "192.0.2.7",
      { forwarded: `for=${CLIENT}`, "x-forwarded-for": CLIENT },
      CLIENT,
    ],
    [
      "they do not",
      ["192.0.2.7"],
      "192.0.2.7",
      { forwarded: "for=1.1.1.1", "x-forwarded-for": CLIENT },
      "192.0.2.7",
    ],
  ])("%s", (_, trusted, address, fields, peer) => {
    expect(createFindPeer(trusted)(address, fields as Record<string, string>)).toBe(peer);
  });

  test("looks at 32 hops and no further", () => {
    const hops = Array.from({ length: 40 }, (_, i) => `10.0.0.${i}`).join();
    expect(createFindPeer(["10.0.0.0/8"])("10.1.1.1", { "x-forwarded-for": hops })).toBe("10.0.0.8");
  });

  test.each([
    "",
    "all",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0/8",
    "::/129",
    "10.0.0.0/8/8",
    "loopbak",
    "10.0.0.0/-1",
  ])("%j is no proxy", (text) => {
    expect(() => createFindPeer([text])).toThrow(`Cannot trust proxy "${text}"`);
  });
});
