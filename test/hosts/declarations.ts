import { expect, test } from "vitest";
import { modernRequest, request, type Answer } from "./requests.ts";

/** What definitions declare, as every host shows and enforces it. */
export function declarationSuite(url: () => string): void {
  function order(args: object, fields: Record<string, string>): Promise<Answer> {
    return modernRequest(url(), "tools/call", { name: "order", arguments: args }, fields);
  }

  test.each<[object, Record<string, string>]>([
    [{ item: "tea" }, { "mcp-param-item": "tea" }],
    [{ item: "tea" }, { "Mcp-Param-Item": "=?base64?dGVh?=" }],
    [{ item: "ä" }, { "mcp-param-item": "=?base64?w6Q=?=" }],
    [{ item: "=?base64?dGVh" }, { "mcp-param-item": "=?base64?dGVh" }],
    [
      { item: "tea", count: 42 },
      { "mcp-param-item": "tea", "mcp-param-count": "42.0" },
    ],
    [
      { item: "tea", delivery: { street: "A" } },
      { "mcp-param-item": "tea", "mcp-param-street": "A" },
    ],
    [{ item: "tea" }, { "mcp-param-item": "tea", "mcp-param-other": "x" }],
  ])("a call with %j and the fields %j is made", async (args, fields) => {
    const { status, body } = await order(args, fields);
    expect({ status, result: body.result }).toMatchObject({
      status: 200,
      result: { resultType: "complete" },
    });
    expect(body.result).not.toHaveProperty("isError");
  });

  test.each<[object, Record<string, string>, string]>([
    [{ item: "tea" }, {}, "Mcp-Param-Item is missing"],
    [{ item: "tea" }, { "mcp-param-item": "Tea" }, "Mcp-Param-Item does not match the body"],
    [{ item: "tea" }, { "mcp-param-item": "=?base64?dGV?=" }, "Mcp-Param-Item does not match the body"],
    [{ item: "tea" }, { "mcp-param-item": "=?base64?dG!h?=" }, "Mcp-Param-Item does not match the body"],
    [{ item: "ä" }, { "mcp-param-item": "\xe4" }, "Mcp-Param-Item does not match the body"],
    [{ item: "tea", count: 2 }, { "mcp-param-item": "tea" }, "Mcp-Param-Count is missing"],
    [
      { item: "tea" },
      { "mcp-param-item": "tea", "mcp-param-count": "2" },
      "Mcp-Param-Count has no argument in the body",
    ],
    [
      { item: "tea", count: null },
      { "mcp-param-item": "tea", "mcp-param-count": "null" },
      "Mcp-Param-Count has no argument in the body",
    ],
  ])("a call with %j and the fields %j is refused", async (args, fields, message) => {
    const { status, body } = await order(args, fields);
    expect({ status, error: body.error }).toEqual({
      status: 400,
      error: { code: -32020, message: `Header mismatch: ${message}` },
    });
  });

  test("clients of earlier revisions send no such fields", async () => {
    const { body } = await request(url(), "tools/call", { name: "order", arguments: { item: "tea" } });
    expect(body.result).toEqual({ content: [{ type: "text", text: "1 of tea" }] });
  });
}
