import { expect, test } from "vitest";
import { metadataPaths, metadataUrl } from "../../../src/http/protected-resource.ts";

// RFC 9728, section 3.1.
test.for([
  ["https://mcp.example", "https://mcp.example/.well-known/oauth-protected-resource"],
  ["https://mcp.example/", "https://mcp.example/.well-known/oauth-protected-resource"],
  ["https://mcp.example/mcp", "https://mcp.example/.well-known/oauth-protected-resource/mcp"],
  ["http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"],
  ["https://x.example/a/b?c=d", "https://x.example/.well-known/oauth-protected-resource/a/b?c=d"],
])("the metadata of %s is at %s", ([resource, url]) => {
  expect(metadataUrl(resource!)).toBe(url);
});

test("a server has its metadata at two paths", () => {
  expect(metadataPaths("/mcp")).toEqual([
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp",
  ]);
});
