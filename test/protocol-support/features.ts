import { ANSWERS, isModern, type Connection, type Message } from "../fixtures/mcp-connection.ts";

/** Something MCP has, and how to see whether a server does it. */
export interface Feature {
  name: string;
  /** The first revision that has it; all when absent. */
  since?: string;
  /** The last revision that has it. */
  until?: string;
  /** The transport that has it; both when absent. */
  only?: "http" | "stdio";
  /** True when it works. Throwing is the same as false. */
  works(connection: Connection): Promise<boolean>;
}

const LEGACY_END = "2025-11-25";
const MODERN_START = "2026-07-28";

type Json = Record<string, unknown>;

/** The one entry of a list. */
async function listed(connection: Connection, method: string, list: string, name: string): Promise<Json> {
  const { answer } = await connection.request(method);
  const entries = (answer.result?.[list] ?? []) as Json[];
  return entries.find((entry) => entry["name"] === name) ?? {};
}

/** The result of a tool. */
async function called(connection: Connection, name: string, args: object = {}): Promise<Json> {
  return (await connection.request("tools/call", { name, arguments: args })).answer.result ?? {};
}

function capability(connection: Connection, ...path: string[]): unknown {
  let value: unknown = connection.server["capabilities"];
  for (const name of path) value = (value as Json | undefined)?.[name];
  return value;
}

function textOf(result: Json): unknown {
  return (result["content"] as Json[] | undefined)?.[0]?.["text"];
}

/** Waits for a message that something is to bring about, but not for ever. */
async function arrives(
  connection: Connection,
  method: string,
  bringAbout: () => Promise<unknown>,
): Promise<boolean> {
  const arrived = new Promise<boolean>((resolve) => {
    connection.onStray((message) => message.method === method && resolve(true));
    setTimeout(resolve, PATIENCE_MS, false);
  });
  await bringAbout();
  return arrived;
}

const PATIENCE_MS = 3000;

/** What the tool "asks" ends with, when a client answers as `ANSWERS` says. */
async function asked(connection: Connection, kind: string): Promise<unknown> {
  let params: Json = { name: "ask", arguments: { kind } };
  for (let round = 0; round < 4; round++) {
    const { answer } = await connection.request("tools/call", params);
    const result = answer.result ?? {};
    if (result["resultType"] !== "input_required") return textOf(result);
    const requests = result["inputRequests"] as Record<string, { method: string }>;
    const responses = Object.entries(requests).map(([key, { method }]) => [key, ANSWERS[method]]);
    params = {
      ...params,
      inputResponses: Object.fromEntries(responses) as Json,
      requestState: result["requestState"],
    };
  }
  return undefined;
}

/** What clients can see of the protocol, in the order of the table. None leaves anything behind that the next one would see. */
export const FEATURES: readonly Feature[] = [
  {
    name: "handshake: `initialize` or `server/discover`",
    works: async ({ server, revision }) =>
      isModern(revision)
        ? (server["supportedVersions"] as string[]).includes(revision)
        : server["protocolVersion"] === revision,
  },
  {
    name: "`ping`",
    until: LEGACY_END,
    works: async (connection) => (await connection.request("ping")).answer.result !== undefined,
  },
  {
    name: "tools",
    works: async (connection) => textOf(await called(connection, "work")) === "done",
  },
  {
    name: "wrong arguments are a result with `isError` that names the field",
    works: async (connection) => {
      const result = await called(connection, "echo", { text: 1 });
      return result["isError"] === true && String(textOf(result)).includes("text");
    },
  },
  {
    name: "structured output: objects",
    since: "2025-06-18",
    works: async (connection) =>
      ((await called(connection, "echo", { text: "a" }))["structuredContent"] as Json)["text"] === "a",
  },
  {
    name: "structured output: any JSON value",
    since: MODERN_START,
    works: async (connection) =>
      (await called(connection, "count", { text: "abc" }))["structuredContent"] === 3,
  },
  {
    name: "annotations of tools",
    works: async (connection) =>
      ((await listed(connection, "tools/list", "tools", "echo"))["annotations"] as Json)["readOnlyHint"] ===
      true,
  },
  {
    name: "icons",
    since: "2025-11-25",
    works: async (connection) =>
      Array.isArray((await listed(connection, "tools/list", "tools", "echo"))["icons"]),
  },
  {
    name: "`_meta` of definitions",
    since: "2025-06-18",
    works: async (connection) =>
      ((await listed(connection, "tools/list", "tools", "echo"))["_meta"] as Json)["example.com/unit"] ===
      "m",
  },
  {
    name: "resources",
    works: async (connection) => {
      const { answer } = await connection.request("resources/read", { uri: "features://one" });
      return ((answer.result!["contents"] as Json[])[0] as Json)["text"] === "one";
    },
  },
  {
    name: "resource templates",
    works: async (connection) => {
      const { answer } = await connection.request("resources/read", { uri: "features://item/7" });
      return ((answer.result!["contents"] as Json[])[0] as Json)["text"] === "item 7";
    },
  },
  {
    name: "prompts",
    works: async (connection) => {
      const { answer } = await connection.request("prompts/get", {
        name: "greet",
        arguments: { who: "Ada" },
      });
      return JSON.stringify(answer.result).includes("Hello Ada");
    },
  },
  {
    name: "completion",
    works: async (connection) => {
      const { answer } = await connection.request("completion/complete", {
        ref: { type: "ref/prompt", name: "greet" },
        argument: { name: "who", value: "A" },
      });
      return JSON.stringify(answer.result).includes('"Ada"');
    },
  },
  {
    name: "pagination",
    works: async (connection) => {
      const first = (await connection.request("resources/list")).answer.result!;
      const cursor = first["nextCursor"];
      const second = (await connection.request("resources/list", { cursor })).answer.result!;
      const all = [first, second].flatMap((page) => page["resources"] as Json[]);
      return typeof cursor === "string" && new Set(all.map(({ uri }) => uri)).size === all.length;
    },
  },
  {
    name: "caching hints: `ttlMs`, `cacheScope`",
    since: MODERN_START,
    works: async (connection) => {
      const read = await connection.request("resources/read", { uri: "features://one" });
      const { ttlMs, cacheScope } = read.answer.result!;
      return ttlMs === 60_000 && cacheScope === "public";
    },
  },
  {
    name: "header fields are compared with the body",
    since: MODERN_START,
    only: "http",
    works: async (connection) => {
      const sending = { headers: { "mcp-name": "count" } };
      const call = { name: "echo", arguments: { text: "a" } };
      const { status, answer } = await connection.request("tools/call", call, sending);
      return status === 400 && answer.error?.code === -32020;
    },
  },
  {
    name: "`x-mcp-header`: `Mcp-Param-*` fields are compared with arguments",
    since: MODERN_START,
    only: "http",
    works: async (connection) => {
      const call = (region: string) =>
        connection.request(
          "tools/call",
          { name: "regional", arguments: { region: "eu" } },
          { headers: { "mcp-param-region": region } },
        );
      return textOf((await call("eu")).answer.result!) === "eu" && (await call("us")).status === 400;
    },
  },
  {
    name: "progress",
    works: async (connection) => {
      const params = { name: "work", arguments: {} };
      const { before } = await connection.request("tools/call", params, { meta: { progressToken: "t" } });
      return before.some(({ method }) => method === "notifications/progress");
    },
  },
  {
    name: "log messages",
    works: async (connection) => {
      const meta = { "io.modelcontextprotocol/logLevel": "debug" };
      const params = { name: "work", arguments: {} };
      const sending = isModern(connection.revision) ? { meta } : {};
      const { before } = await connection.request("tools/call", params, sending);
      return before.some(({ method }) => method === "notifications/message");
    },
  },
  {
    name: "`logging/setLevel` holds for later requests",
    until: LEGACY_END,
    works: async (connection) => {
      const logs = async (level: string): Promise<boolean> => {
        await connection.request("logging/setLevel", { level });
        const { before } = await connection.request("tools/call", { name: "work", arguments: {} });
        return before.some(({ method }) => method === "notifications/message");
      };
      return !(await logs("emergency")) && (await logs("debug"));
    },
  },
  {
    name: "cancellation reaches the handler",
    works: async (connection) => {
      const client = new AbortController();
      const params = { name: "wait", arguments: {} };
      const sending = {
        meta: { progressToken: "w" },
        signal: client.signal,
        onMessage: ({ method }: Message) => method === "notifications/progress" && client.abort(),
      };
      await connection.request("tools/call", params, sending).catch(() => undefined);
      return textOf(await called(connection, "left")) === "aborted";
    },
  },
  {
    name: "elicitation: forms",
    since: "2025-06-18",
    works: async (connection) => (await asked(connection, "form")) === "Ada",
  },
  {
    name: "elicitation: URLs",
    since: "2025-11-25",
    works: async (connection) => (await asked(connection, "url")) === "accept",
  },
  {
    name: "sampling",
    works: async (connection) => (await asked(connection, "sample")) === "sampled",
  },
  {
    name: "roots",
    works: async (connection) => (await asked(connection, "roots")) === "file:///project",
  },
  {
    name: "resource subscriptions",
    works: async (connection) => {
      if (capability(connection, "resources", "subscribe") !== true) return false;
      const uri = "features://one";
      if (!isModern(connection.revision)) {
        await connection.request("resources/subscribe", { uri });
        return arrives(connection, "notifications/resources/updated", () => called(connection, "touch"));
      }
      return listens(connection, { resourceSubscriptions: [uri] }, "notifications/resources/updated");
    },
  },
  {
    name: "changed lists",
    works: async (connection) => {
      if (capability(connection, "tools", "listChanged") !== true) return false;
      if (!isModern(connection.revision)) {
        return arrives(connection, "notifications/tools/list_changed", () => called(connection, "touch"));
      }
      return listens(connection, { toolsListChanged: true }, "notifications/tools/list_changed");
    },
  },
  {
    name: "batches",
    since: "2025-03-26",
    until: "2025-03-26",
    works: async (connection) => {
      const batch = [1, 2].map((id) => ({ jsonrpc: "2.0", id, method: "ping" }));
      const answers = await connection.raw(JSON.stringify(batch));
      return Array.isArray(answers) && answers.length === 2;
    },
  },
  {
    name: "tasks (extension)",
    since: MODERN_START,
    works: async (connection) => {
      const started = await called(connection, "later");
      if (started["resultType"] !== "task") return false;
      const { taskId } = started;
      for (;;) {
        const { answer } = await connection.request("tasks/get", { taskId });
        const { status } = answer.result!;
        if (status !== "working") return status === "completed";
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  },
];

/** True when a subscription of 2026-07-28 brings a message of that method. */
async function listens(connection: Connection, notifications: Json, method: string): Promise<boolean> {
  const client = new AbortController();
  let arrived = false;
  const timer = setTimeout(() => client.abort(), PATIENCE_MS);
  const sending = {
    signal: client.signal,
    onMessage: (message: Message) => {
      if (message.method === "notifications/subscriptions/acknowledged") void called(connection, "touch");
      if (message.method !== method) return;
      arrived = true;
      client.abort();
    },
  };
  await connection.request("subscriptions/listen", { notifications }, sending).catch(() => undefined);
  clearTimeout(timer);
  return arrived;
}
