import { ToolkitError } from "../errors/index.ts";

/** An atom as written, quotes included, or a list. */
export type SExpression = string | SExpression[];

const MAX_DEPTH = 200;
const TOKEN = /\(;[^]*?;\)|;;[^\n]*|\(|\)|\$?"(?:[^"\\]|\\.)*"|[^\s()";]+/g;

/**
 * Reads WebAssembly text into lists, without its comments.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` when parentheses do not match or nest deeper than 200.
 */
export function parseSExpressions(text: string): SExpression[] {
  const top: SExpression[] = [];
  const open: SExpression[][] = [top];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith("(;") || token.startsWith(";;")) continue;
    if (token === "(") {
      const list: SExpression[] = [];
      open.at(-1)!.push(list);
      open.push(list);
      if (open.length > MAX_DEPTH) throw unreadable("its types nest too deep");
    } else if (token === ")") {
      if (open.length === 1) throw unreadable("its text form is not balanced");
      open.pop();
    } else {
      open.at(-1)!.push(token);
    }
  }
  if (open.length > 1) throw unreadable("its text form is not balanced");
  return top;
}

/** The list, when the expression is one that starts with that keyword. */
export function listOf(expression: SExpression | undefined, keyword: string): SExpression[] | undefined {
  return Array.isArray(expression) && expression[0] === keyword ? expression : undefined;
}

/**
 * The text of a quoted name. Only characters that WIT names and ids are made of pass, so that a name can be written
 * into generated text as it is.
 *
 * @throws {@link ToolkitError} `ERR_WASM_DECODE` for any other.
 */
export function unquote(expression: SExpression | undefined): string {
  const name =
    typeof expression === "string" ? /^"([A-Za-z0-9:/@.[\]+-]{1,512})"$/.exec(expression)?.[1] : undefined;
  if (name === undefined) throw unreadable(`${JSON.stringify(expression)} is no name of an import or type`);
  return name;
}

/** Says that the types of a component cannot be read. */
export function unreadable(state: string): ToolkitError {
  return new ToolkitError(`Cannot read component: ${state}`, { code: "ERR_WASM_DECODE" });
}
