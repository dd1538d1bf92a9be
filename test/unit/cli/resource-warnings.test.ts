import { expect, test } from "vitest";
import { resourceWarnings } from "../../../src/cli/http-edge.ts";
import type { CoreManifest } from "../../../src/manifest/index.ts";

const manifest = { protectedResource: { resource: "https://mcp.example/mcp" } } as CoreManifest;

test("a public URL that OAuth clients are not told is warned of", () => {
  expect(resourceWarnings(manifest, { publicUrl: "https://other.example/mcp" })).toEqual([
    "OAuth clients are told that the server is at https://mcp.example/mcp, as it was composed, and --public-url is https://other.example/mcp: they refuse tokens for another",
  ]);
});

test("the same URL, and none, are not", () => {
  expect(resourceWarnings(manifest, { publicUrl: "https://MCP.example:443/mcp" })).toEqual([]);
  expect(resourceWarnings(manifest, {})).toEqual([]);
  expect(resourceWarnings({} as CoreManifest, { publicUrl: "https://other.example/mcp" })).toEqual([]);
});
