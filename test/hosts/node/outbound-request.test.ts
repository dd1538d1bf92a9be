import type { HttpServiceRequest } from "tenon/hosts/node";
import { afterEach, describe, expect, test } from "vitest";
import { closeServers, send, site } from "./outbound-site.ts";

afterEach(closeServers);

/** The failure of a request that no grant covers. */
function denied(val: string): object {
  return { tag: "denied", val };
}

/** Resolves every name to one address. */
function to(address: string) {
  return async () => [{ address, family: address.includes(":") ? 6 : 4 }];
}

describe("addresses", () => {
  const PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "ff02::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
  ];

  test.each(PRIVATE)("A name that resolves to %s is refused", async (address) => {
    const origin = "http://internal.example";
    await expect(send([{ origin }], { origin }, { resolve: to(address) })).rejects.toMatchObject(
      denied('"internal.example" has no address that a grant by name may reach'),
    );
  });

  test("A public address among private ones is the one connected to, and the name is resolved once", async () => {
    let resolved = 0;
    const resolve = async () => {
      resolved++;
      // Nothing answers at the public one; that it is tried is what counts.
      return [
        { address: "127.0.0.1", family: 4 },
        { address: "2606:4700::1111", family: 6 },
      ];
    };
    const { origin, seen } = await site();
    const named = origin.replace("127.0.0.1", "mixed.example");
    await expect(
      send([{ origin: named }], { origin: named, timeoutMs: 300 }, { resolve }),
    ).rejects.toMatchObject({
      tag: expect.stringMatching(/^(timeout|unreachable)$/) as unknown,
    });
    expect(resolved).toBe(1);
    expect(seen).toEqual([]);
  });

  test("localhost is reached by its name only when it is granted by that name", async () => {
    const { origin } = await site();
    const named = origin.replace("127.0.0.1", "localhost");
    expect(await send([{ origin: named }], { origin: named }, { resolve: to("127.0.0.1") })).toMatchObject({
      status: 200,
    });
    await expect(
      send([{ origin: named }], { origin: named }, { resolve: to("10.0.0.1") }),
    ).rejects.toMatchObject({
      tag: "denied",
    });
    const sub = origin.replace("127.0.0.1", "sub.localhost");
    await expect(
      send([{ origin: sub }], { origin: sub }, { resolve: to("127.0.0.1") }),
    ).rejects.toMatchObject({
      tag: "denied",
    });
  });

  test("A name that does not resolve is unreachable", async () => {
    const cause = Object.assign(new Error("x"), { code: "ENOTFOUND" });
    const resolve = (): Promise<never> => Promise.reject(cause);
    const origin = "http://nowhere.example";
    await expect(send([{ origin }], { origin }, { resolve })).rejects.toMatchObject({
      tag: "unreachable",
      val: "the name does not resolve",
    });
  });
});

describe("requests that are not allowed", () => {
  const origin = "https://example.com";
  const cases: [string, Partial<HttpServiceRequest>, string][] = [
    ["a method in lower case", { method: "get" }, 'method "get"'],
    ["a method with a line break", { method: "GET\r\nX" }, "method"],
    ["CONNECT", { method: "CONNECT" }, "method"],
    ["TRACE", { method: "TRACE" }, "method"],
    ["an origin in upper case", { origin: "https://Example.com" }, "not canonical"],
    ["a default port", { origin: "https://example.com:443" }, "not canonical"],
    ["a trailing slash", { origin: "https://example.com/" }, "not canonical"],
    ["user information", { origin: "https://a@example.com" }, "not canonical"],
    ["an address in disguise", { origin: "http://0x7f.1" }, "not canonical"],
    ["another scheme", { origin: "file://example.com" }, "not canonical"],
    ["no origin", { origin: "" }, "not canonical"],
    ["a path that does not start with a slash", { pathWithQuery: "@evil.example/" }, "not canonical"],
    ["an empty path", { pathWithQuery: "" }, "not canonical"],
    ["dots", { pathWithQuery: "/a/../b" }, "not canonical"],
    ["encoded dots", { pathWithQuery: "/a/%2e%2e/b" }, "not canonical"],
    ["a backslash", { pathWithQuery: "/a\\b" }, "not canonical"],
    ["a fragment", { pathWithQuery: "/a#b" }, "not canonical"],
    ["a line break in the path", { pathWithQuery: "/a\r\nHost: b" }, "not canonical"],
    ["a space in the path", { pathWithQuery: "/a b" }, "not canonical"],
    ["a long path", { pathWithQuery: `/${"a".repeat(9000)}` }, "longer than 8192"],
    ["a line break in a field", { headers: [["x", "a\r\nb: c"]] }, 'header "x"'],
    ["a NUL in a field", { headers: [["x", "\0"]] }, 'header "x"'],
    ["a field name in upper case", { headers: [["X", "a"]] }, "lower-case"],
    ["a field name with a colon", { headers: [["x: y", "a"]] }, "lower-case"],
    ["a host field", { headers: [["host", "evil.example"]] }, "the host's"],
    ["transfer-encoding", { headers: [["transfer-encoding", "chunked"]] }, "the host's"],
    ["content-length", { headers: [["content-length", "5"]] }, "the host's"],
    ["connection", { headers: [["connection", "x"]] }, "the host's"],
    ["upgrade", { headers: [["upgrade", "h2c"]] }, "the host's"],
    ["many fields", { headers: Array.from({ length: 101 }, () => ["x", ""] as const) }, "more than 100"],
    ["long fields", { headers: [["x", "a".repeat(17_000)]] }, "more than 16384"],
    ["content of a GET", { body: "x" }, "body"],
  ];
  test.each(cases)("%s", async (_, request, text) => {
    await expect(send([{ origin }], { origin, ...request })).rejects.toMatchObject({
      tag: "invalid-request",
      val: expect.stringContaining(text) as unknown,
    });
  });

  test("A field named like a property of objects is a field", async () => {
    const { origin: here, seen } = await site();
    await send([{ origin: here }], {
      origin: here,
      headers: [
        ["__proto__", "a"],
        ["constructor", "b"],
      ],
    });
    expect(Object.entries(seen[0]!.headers)).toContainEqual(["constructor", "b"]);
  });
});
