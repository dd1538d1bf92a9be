import { htmlToMarkdown } from "@mdream/js/core";
import { createPlugin, extractionPlugin, filterPlugin, isolateMainPlugin } from "@mdream/js/plugins";

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
const NEVER = ["script", "style", "noscript", "template", "iframe", "object", "embed", "title"];
/** What surrounds the content of a page. */
const AROUND = ["nav", "header", "footer", "aside", "form", "button", "select", "input", "textarea"];

/**
 * Turns HTML into Markdown with absolute links.
 *
 * @param url Where the page comes from.
 * @param whole True for everything that is text; else only the main part, where the page tells which it is.
 */
export function toMarkdown(html: string, url: string, whole: boolean): Page {
  let base = url;
  let title: string | undefined;
  const links = new Map<string, string>();
  const absolute = createPlugin({
    processAttributes({ name, attributes }) {
      if (name === "base") base = resolved(attributes["href"], url) ?? base;
      for (const attribute of ["href", "src"]) {
        const value = attributes[attribute];
        if (value !== undefined) attributes[attribute] = resolved(value, base) ?? "";
      }
    },
  });
  const extraction = extractionPlugin({
    title: ({ textContent }) => {
      title ??= oneLine(textContent) || undefined;
    },
    a: ({ attributes, textContent }) => {
      const target = attributes["href"];
      if (target && !links.has(target)) links.set(target, oneLine(textContent));
    },
  });
  const markdown = htmlToMarkdown(html, {
    plugins: [
      absolute,
      extraction,
      ...(whole ? [] : [isolateMainPlugin()]),
      filterPlugin({ exclude: whole ? NEVER : [...NEVER, ...AROUND] }),
    ],
  });
  return {
    title,
    markdown: markdown.trim(),
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
