// The official SDK v2 on node:http, which makes a server for each request.
import { createServer } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { describe, names, port, run, shape } from "./tools.mjs";

const inputSchema = z.object(shape);
const handle = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: "bench", version: "1.0.0" });
    for (const name of names) server.registerTool(name, { description: describe(name), inputSchema }, run);
    return server;
  }),
);
createServer((request, response) => handle(request, response)).listen(port, "127.0.0.1");
