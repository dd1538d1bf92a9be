import { afterEach, describe, expect, test } from "vitest";
import { connect, type ConnectOptions, type TestClient } from "tenon/test";
import notes from "../../components/notes/tool.ts";

const ALICE = { subject: "alice", issuer: "https://id.example", scopes: [] };
const BOB = { subject: "bob", issuer: "https://id.example", scopes: [] };

/** Adds a note and gives its id. */
async function add(to: TestClient, title: string, text = "", tags: string[] = []): Promise<string> {
  return (await to.call("add_note", { title, text, tags })).structured.id;
}

describe.each(["source", "component"])("notes, as %s", (kind) => {
  const clients: TestClient[] = [];

  async function client(options: ConnectOptions = {}): Promise<TestClient> {
    const where = kind === "component" ? { component: "dist/components/notes.wasm" } : {};
    const connected = await connect(notes, { quiet: true, kv: {}, ...where, ...options });
    clients.push(connected);
    return connected;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
  });

  test("a note is kept, read, changed and deleted", async () => {
    const to = await client();
    const id = await add(to, "Milk", "Two litres", ["Shop", "shop"]);
    expect((await to.call("read_note", { id })).structured).toMatchObject({
      id,
      title: "Milk",
      text: "Two litres",
      tags: ["shop"],
    });
    await to.call("update_note", { id, title: "Milk and bread", append: "One loaf" });
    expect((await to.call("read_note", { id })).structured).toMatchObject({
      title: "Milk and bread",
      text: "Two litres\n\nOne loaf",
      tags: ["shop"],
    });
    expect((await to.call("delete_note", { id })).structured).toMatchObject({ deleted: { id } });
    for (const tool of ["read_note", "delete_note", "update_note"]) {
      const result = await to.call(tool, { id });
      expect(result).toMatchObject({
        isError: true,
        text: expect.stringContaining(`no note "${id}"`) as string,
      });
    }
  });

  test("lists are in pages, those changed last first, and by tag", async () => {
    let now = Date.UTC(2026, 0, 1);
    const to = await client({ clock: () => (now += 1000) });
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push(await add(to, `Note ${n}`, "", n === 2 ? ["even"] : ["odd"]));
    await to.call("update_note", { id: ids[0]!, append: "changed" });
    const titles = async (args: object): Promise<unknown> => {
      const { notes: page, next, total } = (await to.call("list_notes", args)).structured;
      return { titles: page.map((note: { title: string }) => note.title), next, total };
    };
    expect(await titles({ limit: 2 })).toMatchObject({
      titles: ["Note 1", expect.any(String)],
      next: 2,
      total: 3,
    });
    expect(await titles({ limit: 2, start: 2 })).toEqual({ titles: ["Note 2"], next: undefined, total: 3 });
    expect(await titles({ tag: "even" })).toEqual({ titles: ["Note 2"], next: undefined, total: 1 });
  });

  test("a search finds every word, wherever it is and however it is written", async () => {
    const to = await client();
    await add(to, "Trip to Lisbon", "Book the HOTEL near the river", ["travel"]);
    await add(to, "Hotel ideas", "Porto");
    const found = async (query: string): Promise<string[]> => {
      const { structured } = await to.call("search_notes", { query });
      return structured.notes.map((note: { title: string }) => note.title);
    };
    expect(await found("hotel travel")).toEqual(["Trip to Lisbon"]);
    expect((await found("hotel")).sort()).toEqual(["Hotel ideas", "Trip to Lisbon"]);
    expect(await found("madrid")).toEqual([]);
    const { structured } = await to.call("search_notes", { query: "river" });
    expect(structured).toMatchObject({ notes: [{ excerpt: "Book the HOTEL near the river" }], total: 1 });
  });

  test("a note is a resource with completion, and the index links to it", async () => {
    const to = await client();
    const id = await add(to, "Plan [draft]", "Ship it", ["work"]);
    expect(await to.read("notes://index")).toMatchObject({
      text: `# Notes\n\n- [Plan \\[draft\\]](notes://note/${id}) #work\n`,
    });
    expect(await to.read(`notes://note/${id}`)).toMatchObject({
      text: "# Plan [draft]\n\n#work\n\nShip it\n",
    });
    expect(await to.complete("notes://note/{id}", "id", "plan")).toMatchObject({ values: [id] });
    expect(await to.complete("notes://note/{id}", "id", id.slice(0, 3))).toMatchObject({ values: [id] });
    await expect(to.read("notes://note/0000000000000")).rejects.toMatchObject({ code: -32602 });
  });

  test("the prompt embeds the notes of a tag, and completes tags", async () => {
    const to = await client();
    const id = await add(to, "Standup", "Ana fixes the build by Friday", ["work"]);
    await add(to, "Groceries", "Milk", ["home"]);
    const { messages } = await to.prompt("summarize_notes", { tag: "Work" });
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatchObject({
      role: "user",
      content: { type: "resource", resource: { uri: `notes://note/${id}` } },
    });
    expect(await to.complete("summarize_notes", "tag", "h")).toMatchObject({ values: ["home"] });
    await expect(to.prompt("summarize_notes", { tag: "none" })).rejects.toThrow('No note has the tag "none"');
  });

  test("each caller has his own notes", async () => {
    const alice = await client({ principal: ALICE });
    const id = await add(alice, "Secret of Alice");
    const stored = Object.fromEntries(await alice.kv());
    expect(Object.keys(stored)).toEqual([expect.stringMatching(/^notes\/[0-9a-f]{32}\/[0-9a-z]{13}$/)]);
    const bob = await client({ principal: BOB, kv: stored });
    expect((await bob.call("list_notes", {})).structured).toMatchObject({ notes: [], total: 0 });
    expect(await bob.call("read_note", { id })).toMatchObject({ isError: true });
    expect(await bob.call("delete_note", { id })).toMatchObject({ isError: true });
    const again = await client({ principal: ALICE, kv: stored });
    expect((await again.call("list_notes", {})).structured).toMatchObject({ total: 1 });
  });

  test("what is no note is refused, naming the field", async () => {
    const to = await client();
    const result = await to.call("add_note", { title: " ", text: 7, tags: ["two words"] });
    expect(result.isError).toBe(true);
    for (const field of ["title", "text", "tags[0]"]) expect(result.text).toContain(field);
    expect(await to.call("read_note", { id: "../x" })).toMatchObject({ isError: true });
  });
});
