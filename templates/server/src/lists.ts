import { defineResourceTemplate, defineTool, provider, ToolError, type Kv } from "tenon";
import * as z from "zod";

const name = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/)
  .describe("Name of the list: lower-case letters, digits and hyphens");

/** Keys start with the prefix that tenon.json grants. */
const keyOf = (list: string): string => `lists/${list}`;

async function itemsOf(kv: Kv, list: string): Promise<string[]> {
  return JSON.parse((await kv.get(keyOf(list))) ?? "[]") as string[];
}

const addItem = defineTool({
  name: "add_item",
  description: "Adds an item to a list, which begins with its first item",
  input: z.object({ list: name, item: z.string().min(1).max(200) }),
  output: z.object({ items: z.array(z.string()) }),
  async run({ list, item }, { kv }) {
    // Another call may write at the same time: try again with what it wrote.
    for (let attempt = 0; attempt < 5; attempt++) {
      const entry = await kv.getEntry(keyOf(list));
      const items = [...(JSON.parse(entry?.value ?? "[]") as string[]), item];
      if (await kv.swap(keyOf(list), entry?.version, JSON.stringify(items))) return { items };
    }
    throw new ToolError("The list is busy; try again");
  },
});

const clearList = defineTool({
  name: "clear_list",
  description: "Removes a list with all its items",
  input: z.object({ list: name }),
  annotations: { destructiveHint: true },
  async run({ list }, { kv }) {
    await kv.delete(keyOf(list));
    return `The list "${list}" is empty now.`;
  },
});

const contents = defineResourceTemplate({
  uriTemplate: "lists://list/{name}",
  name: "list",
  description: "The items of a list, one a line",
  mimeType: "text/plain",
  complete: {
    async name(typed, { kv }) {
      const { keys } = await kv.list(keyOf(typed));
      return keys.map((key) => key.slice(keyOf("").length));
    },
  },
  async read({ name: list }, { kv }) {
    const items = await itemsOf(kv, list);
    return items.length === 0 ? undefined : items.join("\n");
  },
});

export default provider({
  name: "lists",
  version: "1.0.0",
  tools: [addItem, clearList],
  resourceTemplates: [contents],
  capabilities: { kv: "keeps the lists" },
});
