import { defineTool, provider } from "tenon";
import * as v from "valibot";
import { fetchDocument, isHtml } from "./fetch-document.ts";
import { toMarkdown } from "./to-markdown.ts";

const url = v.pipe(
  v.string(),
  v.maxLength(2000),
  v.check(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    "Expected an absolute http or https URL",
  ),
  v.description("Absolute http or https URL"),
);
const annotations = { readOnlyHint: true, openWorldHint: true };

const fetchPage = defineTool({
  name: "fetch_page",
  title: "Fetch a page",
  description:
    "Reads a page of the web as Markdown: its main content, without navigation. Other texts (plain, JSON, XML) come as they are. " +
    "For the rest of a long page give `next_index` back as `start_index`.",
  input: v.object({
    url,
    start_index: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    max_length: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(200_000), v.description("In characters")),
      20_000,
    ),
    whole_page: v.optional(
      v.pipe(v.boolean(), v.description("Everything, with navigation and footers")),
      false,
    ),
    raw: v.optional(v.pipe(v.boolean(), v.description("HTML as it is")), false),
  }),
  output: v.object({
    url: v.pipe(v.string(), v.description("After redirects")),
    title: v.optional(v.string()),
    media_type: v.string(),
    content: v.string(),
    total_length: v.number(),
    next_index: v.optional(v.pipe(v.number(), v.description("Absent at the end of the page"))),
  }),
  annotations,
  async run({ url: asked, start_index, max_length, whole_page, raw }, ctx) {
    const document = await fetchDocument(asked, ctx);
    const page =
      isHtml(document) && !raw
        ? toMarkdown(document.text, document.url, whole_page)
        : { title: undefined, markdown: document.text };
    const all = page.markdown;
    const end = wholeCharacters(all, start_index + max_length);
    return {
      url: document.url,
      ...(page.title === undefined ? {} : { title: page.title }),
      media_type: document.mediaType,
      content: all.slice(wholeCharacters(all, start_index), end),
      total_length: all.length,
      ...(end < all.length ? { next_index: end } : {}),
    };
  },
});

const listLinks = defineTool({
  name: "list_links",
  title: "List the links of a page",
  description: "Lists where the links of a page lead, in the order of the page, each once.",
  input: v.object({
    url,
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)), 200),
  }),
  output: v.object({
    url: v.string(),
    links: v.array(v.object({ url: v.string(), text: v.string() })),
    total: v.number(),
  }),
  annotations,
  async run({ url: asked, limit }, ctx) {
    const document = await fetchDocument(asked, ctx);
    const links = isHtml(document) ? toMarkdown(document.text, document.url, true).links : [];
    return { url: document.url, links: links.slice(0, limit), total: links.length };
  },
});

/** The nearest index before or at `index` that does not part the two halves of a character. */
function wholeCharacters(text: string, index: number): number {
  return /^[\udc00-\udfff]/.test(text.slice(index, index + 1)) ? index - 1 : index;
}

export default provider({
  name: "web-fetch",
  version: "1.0.0",
  title: "Web fetch",
  description: "Reads pages of the web as Markdown",
  tools: [fetchPage, listLinks],
  capabilities: { http: "fetches the pages it is asked for" },
});
