import { expect } from "vitest";
import { ANSWERS } from "../../fixtures/mcp-connection.ts";
import type { Served } from "../hosts.ts";
import type { PortableCase } from "../portable-case.ts";
import { call, client, LEGACY, MODERN, textOf } from "./clients.ts";

interface Asked {
  inputRequests: Record<string, { method: string }>;
  requestState: string;
}

async function ask(host: Served, more: object = {}): Promise<{ code?: number; result?: Asked }> {
  const params = { name: "together", arguments: {}, ...more };
  const { answer } = await (await client(host, MODERN)).request("tools/call", params);
  return answer.error ? { code: answer.error.code } : { result: answer.result as unknown as Asked };
}

function answers({ inputRequests, requestState }: Asked): { inputResponses: object; requestState: string } {
  const responses = Object.entries(inputRequests).map(([key, { method }]) => [key, ANSWERS[method]]);
  return { inputResponses: Object.fromEntries(responses) as object, requestState };
}

/** Tools that ask their client. */
export const ASKING: readonly PortableCase[] = [
  {
    name: "a client since 2026-07-28 is asked, and continues with a sealed state",
    async run(host) {
      const { result } = await ask(host);
      expect(Object.values(result!.inputRequests).map(({ method }) => method)).toEqual([
        "elicitation/create",
        "sampling/createMessage",
        "roots/list",
      ]);
      const done = await ask(host, answers(result!));
      expect(done.result).toMatchObject({ resultType: "complete" });
      expect(JSON.stringify(done.result)).toContain("Ada");
    },
  },
  {
    name: "a state that was changed, or belongs to another request, is refused",
    async run(host) {
      const given = answers((await ask(host)).result!);
      expect(await ask(host, { ...given, requestState: `${given.requestState}A` })).toEqual({ code: -32602 });
      expect(await ask(host, { ...given, arguments: { other: 1 } })).toEqual({ code: -32602 });
    },
  },
  {
    name: "a client before 2026-07-28 is asked by requests of the server",
    async run(host) {
      expect(await textOf(call(await client(host, LEGACY), "together"))).toContain("Ada");
    },
  },
];
