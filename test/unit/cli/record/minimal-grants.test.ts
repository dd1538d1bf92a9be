import { expect, test } from "vitest";
import { compareGrants, diffText } from "../../../../src/cli/record/grants-diff.ts";
import { minimalGrants, type Use } from "../../../../src/cli/record/minimal-grants.ts";
import type { Grants } from "../../../../src/manifest/index.ts";

function used(service: string, ...requests: string[]): Use[] {
  return requests.map((request) => ({ interface: `tenon:host/${service}`, request }));
}

test.each([
  [["/v1/items"], ["/v1/items"]],
  [["/v1/items/1", "/v1/items/2"], ["/v1/items/"]],
  [["/v1/items", "/v1/items/2"], ["/v1/items"]],
  [["/v1/items/", "/v1/items/2"], ["/v1/items/"]],
  [["/v1/items", "/v1/itemsets"], ["/v1/"]],
  [["/a", "/b"], undefined],
  [["/"], undefined],
  [["/v1/a%2Fb"], undefined],
  [[`/v1/${"x".repeat(300)}`.slice(0, 256)], ["/v1/"]],
])("minimalGrants() covers the paths %j with %j", (paths, expected) => {
  const requests = paths.map((path) => `GET https://a.example${path}`);
  expect(minimalGrants(used("http", ...requests), {}).http).toEqual([
    { origin: "https://a.example", methods: ["GET"], ...(expected && { paths: expected }) },
  ]);
});

test("minimalGrants() has one entry for an origin, with every method, and none for what is no request", () => {
  const uses = used(
    "http",
    "POST https://b.example/x",
    "GET https://a.example/",
    "DELETE https://b.example/x",
    "GET ../",
  );
  expect(minimalGrants(uses, {}).http).toEqual([
    { origin: "https://a.example", methods: ["GET"] },
    { origin: "https://b.example", methods: ["DELETE", "POST"], paths: ["/x"] },
  ]);
});

test.each([
  [["notes/1"], ["notes/"]],
  [["notes/a/1", "notes/a/2"], ["notes/a/"]],
  [["notes/a/1", "notes/b/1"], ["notes/"]],
  [
    ["notes/1", "cache/1"],
    ["cache/", "notes/"],
  ],
  [["counter"], ["counter"]],
  [[""], undefined],
])("minimalGrants() covers the keys %j with %j", (keys, expected) => {
  const uses = used("kv", ...keys.map((key) => `get ${key}`));
  expect(minimalGrants(uses, {}).kv).toEqual(expected);
});

test("minimalGrants() keeps secrets in header fields of origins that were used, and unsafe", () => {
  const granted: Grants = {
    secrets: [
      { name: "a", header: "authorization", origin: "https://a.example" },
      { name: "b", header: "authorization", origin: "https://b.example" },
    ],
    unsafe: true,
  };
  const uses = [
    ...used("http", "GET https://a.example/"),
    ...used("secrets", "get z", "get c", "get z"),
    ...used("config", "get k"),
  ];
  expect(minimalGrants(uses, granted)).toEqual({
    http: [{ origin: "https://a.example", methods: ["GET"] }],
    config: ["k"],
    secrets: [{ name: "c" }, { name: "z" }, granted.secrets![0]],
    unsafe: true,
  });
});

test("diffText() marks what is unused and what is missing; equal grants in another form are no difference", () => {
  const granted: Grants = { http: [{ origin: "https://a.example" }], kv: ["old/"], config: ["k"] };
  const services = compareGrants(granted, {
    http: [{ origin: "https://a.example", methods: ["HEAD", "GET"] }],
    kv: ["new/"],
    secrets: [{ name: "s" }],
  });
  expect(diffText([{ as: "part", services }])).toBe(`   "grants": {
     "part": {
       "http": [
         {"origin":"https://a.example"}
       ]
       "kv": [
-        "old/"
+        "new/"
       ]
-      "config": [
-        "k"
-      ]
+      "secrets": [
+        {"name":"s"}
+      ]
     }
   }
`);
});
