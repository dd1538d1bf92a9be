import { defineMiddleware } from "tenon";
import * as z from "zod";

/** Refuses calls of the tools that its settings name; everything else passes. */
export default defineMiddleware({
  name: "closed-tools",
  version: "1.0.0",
  settings: z.object({ closed: z.array(z.string()).describe("Names of tools that may not be called") }),
  async handle(request, next, ctx) {
    const { closed } = ctx.settings;
    if (request.method === "tools/call" && closed.includes(request.target ?? "")) {
      ctx.log.notice("refused", { tool: request.target });
      return {
        tag: "refused",
        val: { status: 403, headers: [], error: { code: 403, message: "This tool is closed" } },
      };
    }
    return next(request);
  },
});
