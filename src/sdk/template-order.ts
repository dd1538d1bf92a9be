import { parseUriTemplate, type UriTemplate } from "./uri-template.ts";

/** Longest URI that is held against templates. */
const MAX_URI = 8192;

const parsed = new Map<string, UriTemplate | undefined>();

/**
 * The templates that a URI may be read by, of those a composition has: the first by which its router picks a provider, which looks
 * at the text between expressions alone, and the first that the URI is an expansion of, which a provider picks.
 *
 * @param templates In the order they are tried in.
 */
export function matchingTemplates(uri: string, templates: readonly string[]): readonly string[] {
  if (uri.length > MAX_URI) return [];
  const bytes = inBytes(uri);
  const routed = templates.find((template) => fits(bytes, inBytes(template)));
  if (routed === undefined) return [];
  const expanded = templates.find((template) => parse(template)?.match(uri) !== undefined);
  return expanded === undefined || expanded === routed ? [routed] : [routed, expanded];
}

/** Nothing for what other toolchains take for a template: there the router's choice alone counts. */
function parse(template: string): UriTemplate | undefined {
  if (!parsed.has(template)) parsed.set(template, parsedOrNothing(template));
  return parsed.get(template);
}

function parsedOrNothing(template: string): UriTemplate | undefined {
  try {
    return parseUriTemplate(template);
  } catch {
    return undefined;
  }
}

/** A text that has as many characters as it has bytes in UTF-8, which the router counts. */
function inBytes(text: string): string {
  return text.replaceAll(/[\u0080-\u{10ffff}]/gu, (each) =>
    each.padEnd(each.length === 2 ? 4 : each < "\u0800" ? 2 : 3, "\0"),
  );
}

/** Whether the fixed texts of a template stand in a URI in their order, with a byte between each two where one must. */
function fits(uri: string, template: string): boolean {
  const [first = "", ...pieces] = template.split(/\{([^{}]*)\}/);
  if (!uri.startsWith(first)) return false;
  let at = first.length;
  for (let i = 0; i < pieces.length; i += 2) {
    const mayBeEmpty = /^[#./;?&]/.test(pieces[i]!);
    const literal = pieces[i + 1]!;
    const from = at + (mayBeEmpty ? 0 : 1);
    const isLast = i + 2 >= pieces.length;
    const found =
      isLast && uri.endsWith(literal)
        ? uri.length - literal.length
        : isLast
          ? -1
          : uri.indexOf(literal, from);
    if (found < from) return false;
    at = found + literal.length;
  }
  return at === uri.length;
}
