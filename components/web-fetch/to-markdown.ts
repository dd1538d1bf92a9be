import { htmlToMarkdown } from "@mdream/js/core";
import { createPlugin, isolateMainPlugin } from "@mdream/js/plugins";

/** A link of a page. */
export interface Link {
  readonly url: string;
  readonly text: string;
}

/** What a page holds. */
export interface Page {
  readonly title: string | undefined;
  readonly markdown: string;
  /** In the order of the page, each URL once. */
  readonly links: readonly Link[];
}

/** What is no content, wherever it is. */
const NEVER = ["script", "style", "noscript", "template", "iframe", "object", "embed"];
/** What surrounds the content of a page. */
const AROUND = ["nav", "header", "footer", "aside", "form", "button", "select", "input", "textarea"];

/**
 * Turns HTML into Markdown with absolute links.
 *
 * @param url Where the page comes from.
 * @param whole True for everything that is text; else only the main part, where the page tells which it is.
 */
export function toMarkdown(html: string, url: string, whole: boolean): Page {
  const skipped = new Set(whole ? NEVER : [...NEVER, ...AROUND]);
  const links = new Map<string, string>();
  /** The outermost skipped element around what is read. */
  let hidden: object | undefined;
  let base = url;
  let title: string | undefined;
  let link: { target: string; text: string } | undefined;
  const reader = createPlugin({
    beforeNodeProcess({ node }) {
      if (node.parent?.name === "title") {
        if ("value" in node) title ??= oneLine(String(node.value)) || undefined;
        return { skip: true };
      }
      if (hidden === undefined && "name" in node && skipped.has(node.name as string)) {
        hidden = node;
        return { skip: true };
      }
      // An element comes once more when it ends.
      const ends = node === hidden;
      const skip = hidden !== undefined;
      if (ends) hidden = undefined;
      return skip ? { skip } : undefined;
    },
    processAttributes({ name, attributes }) {
      if (name === "base") base = resolved(attributes["href"], url) ?? base;
      for (const attribute of ["href", "src"]) {
        const value = attributes[attribute];
        if (value === undefined) continue;
        const target = resolved(value, base);
        if (target === undefined) delete attributes[attribute];
        else attributes[attribute] = target;
      }
    },
    onNodeEnter({ name, attributes }) {
      if (name === "a" && attributes["href"]) link = { target: attributes["href"], text: "" };
      return undefined;
    },
    processTextNode({ value }) {
      if (link !== undefined) link.text += value;
      return undefined;
    },
    onNodeExit({ name }) {
      if (name === "a" && link !== undefined) {
        if (!links.has(link.target)) links.set(link.target, oneLine(link.text));
        link = undefined;
      }
      return undefined;
    },
  });
  const plugins = whole ? [reader] : [reader, isolateMainPlugin()];
  const markdown = htmlToMarkdown(html, { plugins }).trim();
  // A page without a heading has no part that counts as its main one.
  if (markdown === "" && !whole) return toMarkdown(html, url, true);
  return {
    title,
    markdown,
    links: [...links].map(([target, text]) => ({ url: target, text })),
  };
}

/** An absolute URL of the web; nothing for any other, such as `javascript:`. */
function resolved(reference: string | undefined, base: string): string | undefined {
  if (reference === undefined || !URL.canParse(reference, base)) return undefined;
  const { protocol, href } = new URL(reference, base);
  return protocol === "https:" || protocol === "http:" || protocol === "mailto:" ? href : undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
