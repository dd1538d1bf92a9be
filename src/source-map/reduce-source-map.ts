import { decode, encode, type SourceMapLine, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { MINIFIED_MEMBER } from "./source-map.ts";

/** Whose a source is: the author's, a package's (`node_modules/zod`), or the toolkit's own, which no map need show. */
export type SourceOwner = "author" | "toolkit" | { readonly package: string };

const IDENTIFIER = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/uy;
const DECLARATION = /(?:\bfunction\*? ?|\b(?:var|let|const|class) |,)$/;

/**
 * Reduces a bundler's source map to what stacks of the engine need. Modules of the author keep their mappings. A package
 * is named without lines: nobody edits it, and its mappings would be larger than everything else. Columns of the
 * generated code become bytes of UTF-8, as the engine counts them. Of the names, those of functions and variables stay
 * where they are declared, with what the bundler made of them.
 */
export function reduceSourceMap(
  json: string,
  code: string,
  ownerOf: (source: string) => SourceOwner,
): string {
  const full = JSON.parse(json) as { sources: string[]; names: string[]; mappings: string };
  const owners = full.sources.map(ownerOf);
  const sources = new Indexed();
  const pairs = new Indexed();
  const lines = code.split("\n");
  const mappings = decode(full.mappings).map((segments, at) => {
    const text = lines[at] ?? "";
    const columns = byteColumns(text);
    const out: SourceMapLine = [];
    for (const segment of segments) {
      const column = columns(segment[0]);
      const owner = segment.length === 1 ? "toolkit" : owners[segment[1]];
      const last = out.at(-1);
      if (segment.length === 1 || owner === undefined || owner === "toolkit") {
        if (last !== undefined && last.length > 1) out.push([column]);
      } else if (owner === "author") {
        out.push(authorSegment(column, segment, text));
      } else {
        const source = sources.of(owner.package);
        if (last?.[1] !== source) out.push([column, source, 0, 0]);
      }
    }
    return out;
  });

  function authorSegment(column: number, segment: SourceMapSegment, text: string): SourceMapSegment {
    const [at, from, line, original, name] = segment as [number, number, number, number, number?];
    const source = sources.of(full.sources[from]!);
    const minified = name === undefined ? undefined : declaredAt(text, at);
    if (name === undefined || minified === undefined) return [column, source, line, original];
    return [column, source, line, original, pairs.of(`${full.names[name]}\n${minified}`)];
  }

  const names = pairs.values.map((pair) => pair.split("\n") as [string, string]);
  return JSON.stringify({
    version: 3,
    sources: sources.values,
    names: names.map(([name]) => name),
    mappings: encode(mappings),
    [MINIFIED_MEMBER]: names.map(([, minified]) => minified),
  });
}

/** The identifier at a column, if it is being declared there. */
function declaredAt(text: string, column: number): string | undefined {
  if (!DECLARATION.test(text.slice(Math.max(0, column - 12), column))) return undefined;
  IDENTIFIER.lastIndex = column;
  const [name] = IDENTIFIER.exec(text) ?? [];
  return name;
}

/** Turns ascending columns of UTF-16 units into columns of UTF-8 bytes. */
function byteColumns(text: string): (column: number) => number {
  let units = 0;
  let bytes = 0;
  return (column) => {
    for (; units < column; units++) {
      const code = text.charCodeAt(units);
      // Each half of a surrogate pair stands for two of its four bytes.
      bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
    }
    return bytes;
  };
}

/** Texts, each with an index of its own, in the order they came. */
class Indexed {
  readonly values: string[] = [];
  readonly #indexes = new Map<string, number>();

  of(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    this.#indexes.set(text, this.values.length);
    return this.values.push(text) - 1;
  }
}
