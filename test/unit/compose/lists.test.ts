import { expect, test } from "vitest";
import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { writeManifest, type ProviderManifest } from "../../../src/manifest/index.ts";
import { buildMiddleware, middlewareManifest, providerManifest } from "../../fixtures/quickjs-component.ts";
import { loadComponent, type Core, type Outcome } from "../../fixtures/run-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

const server = { name: "acme", version: "1.0.0", access: "public", middleware: [] } as const;
const UNKNOWN: Outcome = {
  tag: "failure",
  val: { code: -32602, message: 'Invalid params: "cursor" is not one this server gave out', data: undefined },
};

interface Page {
  ttlMs: number;
  cacheScope: string;
  tools: { name: string }[];
  nextCursor?: string;
}

async function provider(
  as: string,
  offer: Partial<ProviderManifest>,
  answer = "{}",
): Promise<{ as: string; bytes: Uint8Array }> {
  const bytes = await constantProvider(answer);
  return { as, bytes: writeManifest(bytes, { ...providerManifest(as, []), ...offer }) };
}

async function run(
  providers: { as: string; bytes: Uint8Array }[],
  input: Partial<ComposeInput> = {},
): Promise<Core> {
  const { bytes } = await compose({ ...server, ...input, providers });
  return (await loadComponent(bytes))();
}

function ask(core: Core, method: string, cursor?: string): Outcome {
  return core.handler.handle("{}", {
    id: "1",
    method,
    ...(cursor === undefined ? {} : { target: cursor }),
    params: "{}",
  });
}

function page(core: Core, cursor?: string, method = "tools/list"): Page {
  const { tag, val } = ask(core, method, cursor);
  expect(tag).toBe("success");
  return JSON.parse(val as string) as Page;
}

/** What the list of tools of a server with these parts says of its caching. */
async function hints(...parts: { as: string; bytes: Uint8Array }[]): Promise<[number, string]> {
  const { ttlMs, cacheScope } = page(await run(parts));
  return [ttlMs, cacheScope];
}

/** Every page of the tools, by following cursors. */
function pages(core: Core): Page[] {
  const all = [page(core)];
  while (all.at(-1)!.nextCursor !== undefined) all.push(page(core, all.at(-1)!.nextCursor));
  return all;
}

const tools = (count: number, name = "t"): ProviderManifest["tools"] =>
  Array.from({ length: count }, (_, i) => ({ name: `${name}${i}`, inputSchema: { type: "object" } }));
const names = (listed: Page[]): string[] => listed.flatMap((each) => each.tools.map(({ name }) => name));

test.each([
  [1, [1]],
  [250, [250]],
  [251, [250, 1]],
  [500, [250, 250]],
  [700, [250, 250, 200]],
])("%i constant tools are listed on pages of %j", async (count, sizes) => {
  const core = await run([await provider("p", { tools: tools(count) })]);
  const listed = pages(core);
  expect(listed.map((each) => each.tools.length)).toEqual(sizes);
  expect(names(listed)).toEqual(tools(count).map(({ name }) => name));
  expect(pages(core)).toEqual(listed);
  for (const cursor of ["", "1", "x".repeat(22), "x".repeat(10_000)]) {
    expect(ask(core, "tools/list", cursor)).toEqual(UNKNOWN);
  }
});

test("a cursor belongs to one list of one server", async () => {
  const prompts = Array.from({ length: 300 }, (_, i) => ({ name: `t${i}` }));
  const core = await run([await provider("p", { tools: tools(300), prompts })]);
  const cursor = page(core).nextCursor!;
  expect(cursor).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(ask(core, "prompts/list", cursor)).toEqual(UNKNOWN);
  const other = await run([await provider("p", { tools: tools(301) })]);
  expect(ask(other, "tools/list", cursor)).toEqual(UNKNOWN);
  const same = await run([await provider("q", { tools: tools(300) })]);
  expect(page(same).nextCursor).toBe(cursor);
});

test.each([0, 3, 250, 251])("what is dynamic comes on the last page, after %i constants", async (count) => {
  const entries = tools(30, "d");
  const dynamic = await provider("d", { dynamic: ["tools"] }, JSON.stringify({ tools: entries }));
  const listed = pages(
    await run([await provider("p", { tools: tools(count), prompts: [{ name: "x" }] }), dynamic]),
  );
  expect(listed).toHaveLength(count === 251 ? 2 : 1);
  expect(names(listed)).toEqual([...tools(count), ...entries].map(({ name }) => name));
  expect(listed.at(-1)!.tools.length).toBeGreaterThanOrEqual(30);
});

test("a list is fresh as long, and for as many, as all that have a part in it say", async () => {
  const [plain, brief, own, guarded, running] = await Promise.all([
    provider("plain", { tools: tools(1, "a") }),
    provider("brief", { tools: tools(1, "b"), cache: { lists: { ttlMs: 5000 } } }),
    provider("own", { tools: tools(1, "c"), cache: { lists: { ttlMs: 90_000, scope: "private" } } }),
    provider("guarded", { tools: tools(1, "d").map((tool) => ({ ...tool, scopes: ["x"] })) }),
    provider("running", { dynamic: ["tools"] }, '{"tools":[]}'),
  ]);
  const shared = await provider(
    "shared",
    { dynamic: ["tools"], cache: { lists: { ttlMs: 1000, scope: "public" } } },
    '{"tools":[]}',
  );
  expect(await hints(plain)).toEqual([60_000, "public"]);
  expect(await hints(plain, brief)).toEqual([5000, "public"]);
  expect(await hints(own, brief)).toEqual([5000, "private"]);
  expect(await hints(own)).toEqual([90_000, "private"]);
  expect(await hints(plain, guarded)).toEqual([60_000, "private"]);
  expect(await hints(plain, running)).toEqual([0, "private"]);
  expect(await hints(plain, shared)).toEqual([1000, "public"]);
});

test("every page has the hints of its list, and discovery the shortest and narrowest of all", async () => {
  const core = await run([
    await provider("p", { tools: tools(251), cache: { lists: { ttlMs: 7, scope: "private" } } }),
    await provider("q", { prompts: [{ name: "x" }] }),
  ]);
  expect(pages(core)).toMatchObject([
    { ttlMs: 7, cacheScope: "private" },
    { ttlMs: 7, cacheScope: "private" },
  ]);
  expect(page(core, undefined, "prompts/list")).toMatchObject({ ttlMs: 60_000, cacheScope: "public" });
  expect(page(core, undefined, "server/discover")).toMatchObject({ ttlMs: 7, cacheScope: "private" });
});

test("where callers are authenticated, nothing is for everyone", async () => {
  const bytes = await buildMiddleware(
    {
      ...middlewareManifest("auth"),
      authenticates: {},
      capabilities: [{ interface: "tenon:host/credentials" }],
    },
    "credentials.authorization(); return next.handle(ctx, req);",
    { credentials: "tenon:host/credentials@0.1.0" },
  );
  const input = { ...server, providers: [await provider("p", { tools: tools(1) })] };
  const middleware = [{ as: "auth", bytes }];
  expect((await compose({ ...input, access: "public", middleware: [] })).manifest.cache.scope).toBe("public");
  expect((await compose({ ...input, access: "authenticated", middleware })).manifest.cache).toEqual({
    scope: "private",
    lists: { tools: { ttlMs: 60_000, scope: "private" } },
  });
});

test("a server says of itself what it was composed with", async () => {
  const icons = [{ src: "https://acme.example/icon.png", sizes: ["48x48"], theme: "dark" as const }];
  const about = {
    title: "Acme",
    description: "Tools of Acme",
    websiteUrl: "https://acme.example",
    icons,
    instructions: "Ask before you order.",
  };
  const core = await run([await provider("p", { tools: tools(1) })], about);
  const { instructions, ...shown } = about;
  expect(page(core, undefined, "server/discover")).toMatchObject({
    serverInfo: { name: "acme", version: "1.0.0", ...shown },
    instructions,
  });
  expect(JSON.parse(core.catalog.get("server", "")!)).toMatchObject({
    serverInfo: shown,
    cacheScope: "public",
  });
});

test("icons and _meta are listed as they are, and how to cache a resource is not", async () => {
  const icons = [{ src: "data:image/png;base64,AAAA" }];
  const meta = { "com.example/z": [1], "com.example/a": { b: null } };
  const core = await run([
    await provider("p", {
      tools: [{ name: "t", inputSchema: { type: "object" }, icons, _meta: meta }],
      resources: [{ uri: "a://a", name: "a", icons, _meta: meta, cache: { ttlMs: 1 } }],
      resourceTemplates: [{ uriTemplate: "a://{b}", name: "b", icons, _meta: meta, cache: { ttlMs: 1 } }],
      prompts: [{ name: "p", icons, _meta: meta }],
    }),
  ]);
  for (const [method, entry] of [
    ["tools/list", { name: "t", inputSchema: { type: "object" } }],
    ["resources/list", { uri: "a://a", name: "a" }],
    ["resources/templates/list", { uriTemplate: "a://{b}", name: "b" }],
    ["prompts/list", { name: "p" }],
  ] as const) {
    const { ttlMs: _, cacheScope: __, ...list } = page(core, undefined, method);
    expect(Object.values(list)).toEqual([[{ ...entry, icons, _meta: meta }]]);
  }
  expect(JSON.parse(core.catalog.get("resource", "a://a")!)).toMatchObject({ cache: { ttlMs: 1 } });
});
