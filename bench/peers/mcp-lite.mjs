// mcp-lite on hono: one server for the life of the process, without sessions.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { McpServer, StreamableHttpTransport } from "mcp-lite";
import * as z from "zod";
import { describe, names, port, run, shape } from "./tools.mjs";

const server = new McpServer({ name: "bench", version: "1.0.0", schemaAdapter: (s) => z.toJSONSchema(s) });
const inputSchema = z.object(shape);
for (const name of names) server.tool(name, { description: describe(name), inputSchema, handler: run });

const handle = new StreamableHttpTransport().bind(server);
const app = new Hono().all("/mcp", ({ req }) => handle(req.raw));
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
