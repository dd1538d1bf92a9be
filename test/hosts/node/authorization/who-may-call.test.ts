import type { HttpServer } from "tenon/hosts/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadGuarded, METADATA, send, serveGuarded, type Answer, type Token } from "./guarded-server.ts";

let server: HttpServer;
let remove: () => void;

beforeAll(async () => {
  const guarded = await loadGuarded();
  remove = () => guarded.remove();
  server = await serveGuarded(guarded.core);
});

afterAll(async () => {
  await server.close();
  remove();
});

function request(token: Token, method: string, params: object = {}, legacy = false): Promise<Answer> {
  return send(server.url, token, method, params as never, { legacy });
}

function call(token: Token, name: string, args: object = {}): Promise<Answer> {
  return request(token, "tools/call", { name, arguments: args });
}

function textOf({ result }: Answer): unknown {
  return result?.content?.[0]?.text ?? result?.contents?.[0]?.text;
}

/** How a caller learns which scopes it lacks: RFC 6750, section 3.1, and RFC 9728, section 5.1. */
function stepUp(...scopes: string[]): object {
  return {
    status: 403,
    challenge: `Bearer error="insufficient_scope", scope="${scopes.join(" ")}", resource_metadata="${METADATA}"`,
    error: { code: -31_403, message: "This caller may not do this", data: { scopes } },
  };
}

function refusal({ status, headers, error }: Answer): object {
  return { status, challenge: headers.get("www-authenticate"), error };
}

describe("a tool", () => {
  test("without scopes is for every caller", async () => {
    const principal = { subject: "nobody", issuer: "https://id.example", scopes: [] };
    expect(JSON.parse(textOf(await call("nobody", "open")) as string)).toEqual({ principal });
  });

  test("is for who has its scopes, all of them", async () => {
    expect(textOf(await call("reader", "read"))).toBe("read");
    expect(textOf(await call("everything", "publish"))).toBe("published");
    expect(refusal(await call("nobody", "read"))).toEqual(stepUp("docs:read"));
    expect(refusal(await call("reader", "publish"))).toEqual(stepUp("docs:read", "docs:write"));
  });

  test("is for who has a role with its scopes, and a role that nothing defines has none", async () => {
    expect(textOf(await call("writer", "publish"))).toBe("published");
    const opened = JSON.parse(textOf(await call("writer", "open")) as string) as { principal: object };
    expect(opened.principal).toMatchObject({ scopes: ["docs:read", "docs:write"] });
  });

  test("that does not exist is unknown to every caller", async () => {
    expect((await call("nobody", "missing")).error).toMatchObject({ code: -32_602, message: "Unknown tool" });
  });

  test("with a rule is for who fulfils it with these arguments", async () => {
    expect(textOf(await call("treasurer", "transfer", { amount: 100 }))).toBe("100");
    const denied = {
      status: 403,
      challenge: null,
      error: { code: -31_403, message: "This caller may not do this" },
    };
    const refused = [
      await call("treasurer", "transfer", { amount: 100.5 }),
      await call("treasurer", "transfer", { amount: "1" }),
      await call("treasurer", "transfer"),
      await call("everything", "transfer", { amount: 1 }),
      await call("everything", "retire"),
    ];
    expect(refused.map(refusal)).toEqual(refused.map(() => denied));
  });

  test("answers clients before 2026-07-28 the same", async () => {
    const params = { name: "publish", arguments: {} };
    expect(refusal(await request("reader", "tools/call", params, true))).toEqual(
      stepUp("docs:read", "docs:write"),
    );
    expect(textOf(await request("writer", "tools/call", params, true))).toBe("published");
  });
});

function read(token: Token, uri: string): Promise<Answer> {
  return request(token, "resources/read", { uri });
}

function listen(token: Token, ...uris: string[]): Promise<Answer> {
  return request(token, "subscriptions/listen", { notifications: { resourceSubscriptions: uris } });
}

describe("a resource", () => {
  test("is for who has its scopes", async () => {
    expect(textOf(await read("nobody", "docs://handbook"))).toBe("for everyone");
    expect(refusal(await read("reader", "docs://salaries"))).toEqual(stepUp("hr:read"));
    expect(textOf(await read("everything", "docs://salaries"))).toBe("confidential");
  });

  test("of a template is for who has the scopes of the template that reads it", async () => {
    expect(textOf(await read("reader", "docs://pages/home"))).toBe("page home");
    expect(refusal(await read("nobody", "docs://pages/home"))).toEqual(stepUp("docs:read"));
    expect(refusal(await read("reader", "docs://pages/drafts/home"))).toEqual(stepUp("docs:write"));
    expect(textOf(await read("everything", "docs://pages/drafts/home"))).toBe("draft home");
    expect(textOf(await read("nobody", "docs://elsewhere"))).toBe("anything elsewhere");
  });

  test.for([
    "docs://pages/%68ome",
    "docs://pages/",
    "docs://pages/a/b",
    "docs://pages/drafts/a/b",
    "docs://pages/drafts/",
    "docs://pages/home?x=1",
    "docs://pages/home#x",
    "docs://pages//home",
  ])("at %s gives who has no scopes nothing of a template that needs some", async (uri) => {
    const answer = await read("nobody", uri);
    if (answer.status === 403) return;
    expect(String(textOf(answer))).not.toMatch(/^(?:page|draft) /);
  });

  test("is heard of by who may read it", async () => {
    expect(refusal(await listen("reader", "docs://handbook", "docs://salaries"))).toEqual(stepUp("hr:read"));
    expect(refusal(await listen("nobody", "docs://pages/home", "docs://pages/drafts/x"))).toEqual(
      stepUp("docs:read", "docs:write"),
    );
    expect((await listen("reader", "docs://pages/home")).status).toBe(200);
  });
});

describe("a prompt", () => {
  test("is for who has its scopes, and so are the values of its arguments", async () => {
    const get = { name: "review", arguments: { title: "Handbook" } };
    expect(refusal(await request("reader", "prompts/get", get))).toEqual(stepUp("docs:write"));
    expect((await request("writer", "prompts/get", get)).result.messages).toHaveLength(1);
    const complete = { ref: { type: "ref/prompt", name: "review" }, argument: { name: "title", value: "" } };
    expect(refusal(await request("reader", "completion/complete", complete))).toEqual(stepUp("docs:write"));
    expect((await request("writer", "completion/complete", complete)).result.completion.values).toEqual([
      "Handbook",
    ]);
    const ofTemplate = {
      ref: { type: "ref/resource", uri: "docs://pages/{name}" },
      argument: { name: "name", value: "" },
    };
    expect(refusal(await request("nobody", "completion/complete", ofTemplate))).toEqual(stepUp("docs:read"));
    expect((await request("reader", "completion/complete", ofTemplate)).result.completion.values).toEqual([
      "home",
    ]);
  });
});

describe("lists show", () => {
  const LISTS = {
    tools: "tools/list",
    resources: "resources/list",
    resourceTemplates: "resources/templates/list",
    prompts: "prompts/list",
  };
  async function listed(token: Token, legacy: boolean): Promise<Record<string, string[]>> {
    const lists = Object.entries(LISTS).map(async ([member, method]) => {
      const { result } = await request(token, method, {}, legacy);
      if (!legacy) expect(result).toMatchObject({ cacheScope: "private", ttlMs: 60_000 });
      const entries = result[member] as Record<string, string>[];
      return [member, entries.map(({ uri, uriTemplate, name }) => uri ?? uriTemplate ?? name)];
    });
    return Object.fromEntries(await Promise.all(lists)) as Record<string, string[]>;
  }

  test.for<[Token, object]>([
    [
      "nobody",
      {
        tools: ["open"],
        resources: ["docs://handbook"],
        resourceTemplates: ["docs://{+path}"],
        prompts: ["greeting"],
      },
    ],
    [
      "reader",
      {
        tools: ["open", "read", "slow"],
        resources: ["docs://handbook"],
        resourceTemplates: ["docs://pages/{name}", "docs://{+path}"],
        prompts: ["greeting"],
      },
    ],
    [
      "treasurer",
      {
        tools: ["open", "transfer", "retire"],
        resources: ["docs://handbook"],
        resourceTemplates: ["docs://{+path}"],
        prompts: ["greeting"],
      },
    ],
    [
      "everything",
      {
        tools: ["open", "read", "publish", "slow"],
        resources: ["docs://handbook", "docs://salaries"],
        resourceTemplates: ["docs://pages/{name}", "docs://pages/drafts/{name}", "docs://{+path}"],
        prompts: ["greeting", "review"],
      },
    ],
  ])("%s what it may use, in both eras", async ([token, expected]) => {
    expect(await listed(token, false)).toEqual(expected);
    expect(await listed(token, true)).toEqual(expected);
  });
});

describe("a task", () => {
  test("is for who has the scopes of its tool, and for who began it alone", async () => {
    expect(refusal(await call("nobody", "slow"))).toEqual(stepUp("docs:read"));
    const { result } = await call("reader", "slow");
    expect(result).toMatchObject({ resultType: "task" });
    const { taskId } = result as { taskId: string };
    let got = await request("reader", "tasks/get", { taskId });
    while (got.result?.status === "working") got = await request("reader", "tasks/get", { taskId });
    expect(got.result).toMatchObject({ status: "completed" });
    expect(JSON.stringify(got.result)).toContain("done for reader");
    const others = await Promise.all(
      (["everything", "nobody"] as const).flatMap((token) =>
        ["tasks/get", "tasks/cancel"].map((method) => request(token, method, { taskId })),
      ),
    );
    for (const other of others) {
      expect(other.error).toBeDefined();
      expect(JSON.stringify(other)).not.toContain("done for");
    }
  });
});
