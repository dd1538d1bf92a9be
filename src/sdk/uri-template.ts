/** A parsed URI template. */
export interface UriTemplate {
  /** Names of its variables, in their order. */
  readonly variables: readonly string[];
  /** Characters outside its expressions: of two templates that match, the one with more is meant. */
  readonly literalLength: number;
  /** The decoded values of its variables; nothing when a URI does not match. */
  match(uri: string): Record<string, string> | undefined;
}

/** Thrown for a text that is no template, or one that does not say which value a URI holds. */
export class UriTemplateError extends TypeError {
  override readonly name = "UriTemplateError";
}

/** A literal, or a variable with the characters that end its value. */
type Atom = string | { readonly name: string; readonly stops: string };

/** How values are written: RFC 6570, appendix A. */
interface Operator {
  /** Before the first value. */
  readonly first: string;
  readonly separator: string;
  /** True when each value follows its name and `=`. */
  readonly named: boolean;
  /** Characters that no value holds. */
  readonly stops: string;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  "": { first: "", separator: ",", named: false, stops: "/?#" },
  "+": { first: "", separator: ",", named: false, stops: "" },
  "#": { first: "#", separator: ",", named: false, stops: "" },
  ".": { first: ".", separator: ".", named: false, stops: "/?#" },
  "/": { first: "/", separator: "/", named: false, stops: "/?#" },
  ";": { first: ";", separator: ";", named: true, stops: ";/?#" },
};

const MAX_TEMPLATE_LENGTH = 2048;
const MAX_URI_LENGTH = 8192;
const MAX_VARIABLES = 32;
const LITERAL = /^[!-~]*$/;
const NOT_LITERAL = /["'<>\\^`|]/;
const NAME = /^[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*$/;
/** A scheme, and characters of a URI in ASCII. */
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/;

/** What is wrong with the URI of a resource, as a verb and what follows; nothing when it is absolute and of at most 2,048 characters. */
export function uriProblem(uri: string): string | undefined {
  if (uri.length > MAX_TEMPLATE_LENGTH) return `has more than ${MAX_TEMPLATE_LENGTH} characters`;
  if (!ABSOLUTE.test(uri)) return "is not absolute: it must start with a scheme, such as notes:";
  if (!URI.test(uri) || /["<>\\^`{|}]/.test(uri)) return "has characters that must be percent-encoded";
  return undefined;
}

/**
 * Parses a template (RFC 6570, without the modifiers `*` and `:n`): at most 2,048 characters and 32 variables. Variables of
 * `{?…}` and `{&…}` may be absent from a URI and may stand in any order; all others have at least one character.
 *
 * @throws UriTemplateError saying what is wrong.
 */
export function parseUriTemplate(text: string): UriTemplate {
  if (text.length > MAX_TEMPLATE_LENGTH)
    throw new UriTemplateError(`it has more than ${MAX_TEMPLATE_LENGTH} characters`);
  if (!ABSOLUTE.test(text)) {
    throw new UriTemplateError("it is not absolute: it must start with a scheme, such as notes:");
  }
  const atoms: Atom[] = [];
  const query: string[] = [];
  let queryStart = "";
  let literalLength = 0;
  for (let at = 0; at < text.length;) {
    const open = text.indexOf("{", at);
    const literal = text.slice(at, open === -1 ? text.length : open);
    checkLiteral(literal);
    if (literal !== "") {
      if (queryStart !== "") throw new UriTemplateError("nothing but {&…} can follow {?…} and {&…}");
      atoms.push(literal);
      literalLength += literal.length;
    }
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) throw new UriTemplateError("a { has no }");
    const { operator, names } = parseExpression(text.slice(open + 1, close));
    if (operator === "?" || operator === "&") {
      if (queryStart !== "" && operator === "?") throw new UriTemplateError("it has more than one {?…}");
      if (queryStart === "") queryStart = operator;
      query.push(...names);
    } else {
      if (queryStart !== "") throw new UriTemplateError("nothing but {&…} can follow {?…} and {&…}");
      pushValues(atoms, operator, names);
    }
    at = close + 1;
  }
  const variables = [...atoms.flatMap((atom) => (typeof atom === "string" ? [] : [atom.name])), ...query];
  checkVariables(variables);
  return { variables, literalLength, match: (uri) => match(uri, atoms, query, queryStart) };
}

function checkLiteral(literal: string): void {
  if (literal.includes("}")) throw new UriTemplateError("a } has no {");
  if (!LITERAL.test(literal) || NOT_LITERAL.test(literal)) {
    throw new UriTemplateError("it has characters that must be percent-encoded");
  }
}

function parseExpression(expression: string): { operator: string; names: string[] } {
  const operator = /^[^A-Za-z0-9_%]/.exec(expression)?.[0] ?? "";
  if (!Object.hasOwn(OPERATORS, operator) && operator !== "?" && operator !== "&") {
    throw new UriTemplateError(`{${expression}} has no operator of RFC 6570`);
  }
  const names = expression.slice(operator.length).split(",");
  for (const name of names) {
    if (/[*:]/.test(name)) {
      throw new UriTemplateError(
        `{${expression}} has a modifier, which leaves open what the value is; {+name} takes a path of any depth`,
      );
    }
    if (!NAME.test(name))
      throw new UriTemplateError(`{${expression}} does not name variables of A-Z a-z 0-9 _ .`);
  }
  return { operator, names };
}

function checkVariables(variables: readonly string[]): void {
  if (variables.length === 0) throw new UriTemplateError("it has no variable; define a resource instead");
  if (variables.length > MAX_VARIABLES)
    throw new UriTemplateError(`it has more than ${MAX_VARIABLES} variables`);
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice !== undefined) throw new UriTemplateError(`it has the variable "${twice}" twice`);
}

function pushValues(atoms: Atom[], operator: string, names: readonly string[]): void {
  const { first, separator, named, stops } = OPERATORS[operator]!;
  for (const [index, name] of names.entries()) {
    const literal = `${index === 0 ? first : separator}${named ? `${name}=` : ""}`;
    if (literal !== "") atoms.push(literal);
    else if (typeof atoms.at(-1) === "object") {
      throw new UriTemplateError(`nothing separates the variable "${name}" from the one before it`);
    }
    atoms.push({ name, stops: names.length > 1 ? stops + separator : stops });
  }
}

/**
 * Matches in time proportional to the length of the URI times the number of variables: first which offsets each atom can
 * end at, then, from the end, where each value starts. Where that is open, earlier variables get the longer value.
 */
function match(
  uri: string,
  atoms: readonly Atom[],
  query: readonly string[],
  queryStart: string,
): Record<string, string> | undefined {
  if (uri.length > MAX_URI_LENGTH) return undefined;
  const ends = reachableEnds(uri, atoms);
  if (ends === undefined) return undefined;
  const last = ends.at(-1)!;
  for (let end = 0; end <= uri.length; end++) {
    if (last[end] !== 1) continue;
    if (end < uri.length && (queryStart === "" || uri[end] !== queryStart)) continue;
    const values = queryValues(uri.slice(end + 1), query);
    if (values !== undefined) return decoded([...pathValues(uri, atoms, ends, end), ...values]);
  }
  return undefined;
}

/** For each atom, and before the first, a 1 at each offset that it can end at. */
function reachableEnds(uri: string, atoms: readonly Atom[]): Uint8Array[] | undefined {
  let starts = new Uint8Array(uri.length + 1);
  starts[0] = 1;
  const all = [starts];
  for (const atom of atoms) {
    const ends = new Uint8Array(uri.length + 1);
    let any = false;
    let inValue = false;
    for (let at = 0; at < uri.length; at++) {
      if (typeof atom === "string") {
        if (starts[at] !== 1 || !uri.startsWith(atom, at)) continue;
        ends[at + atom.length] = 1;
        any = true;
      } else {
        inValue = (inValue || starts[at] === 1) && !atom.stops.includes(uri[at]!);
        if (!inValue) continue;
        ends[at + 1] = 1;
        any = true;
      }
    }
    if (!any) return undefined;
    all.push(ends);
    starts = ends;
  }
  return all;
}

function pathValues(
  uri: string,
  atoms: readonly Atom[],
  ends: readonly Uint8Array[],
  end: number,
): [name: string, value: string][] {
  const values: [string, string][] = [];
  let at = end;
  for (let index = atoms.length - 1; index >= 0; index--) {
    const atom = atoms[index]!;
    if (typeof atom === "string") {
      at -= atom.length;
    } else {
      let start = at - 1;
      while (ends[index]![start] !== 1) start -= 1;
      values.unshift([atom.name, uri.slice(start, at)]);
      at = start;
    }
  }
  return values;
}

/** The values of `name=value&…`; nothing when it has other names, or one twice. */
function queryValues(text: string, names: readonly string[]): [name: string, value: string][] | undefined {
  if (text === "") return [];
  const pairs = text.split("&", names.length + 1);
  if (pairs.length > names.length) return undefined;
  const values = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = equals === -1 ? pair : pair.slice(0, equals);
    if (!names.includes(name) || values.has(name) || pair.includes("#")) return undefined;
    values.set(name, equals === -1 ? "" : pair.slice(equals + 1));
  }
  return [...values];
}

function decoded(values: readonly (readonly [string, string])[]): Record<string, string> | undefined {
  try {
    return Object.fromEntries(values.map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
}
