// The official SDK v1 on express without sessions, as its documentation shows: a server for each request.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { describe, names, port, run, shape } from "./tools.mjs";

const app = express().use(express.json());
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes what such a handler throws
app.post("/mcp", async (request, response) => {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  for (const name of names) {
    server.registerTool(name, { description: describe(name), inputSchema: shape }, run);
  }
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => {
    void transport.close();
    void server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.listen(port, "127.0.0.1");
