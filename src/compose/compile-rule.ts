import { parse, type ASTNode } from "@marcbachmann/cel-js";
import { nearest, ToolkitError } from "../errors/index.ts";

/** A rule as data, as the catalog has it: `Rule` of the SDK. */
export type Rule =
  | { value: string | number | boolean | null }
  | { list: readonly Rule[] }
  | { get: Path }
  | { op: Operator; of: readonly Rule[] };

type Path = ["arguments" | "principal", ...(string | number)[]];

const MAX_LENGTH = 2048;
const MAX_DEPTH = 32;
const PRINCIPAL = ["subject", "issuer", "clientId", "scopes", "roles", "claims"];
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"] as const;
const OF_TEXTS = ["startsWith", "endsWith", "contains"] as const;
type Operator = "!" | "has" | "size" | (typeof COMPARISONS)[number] | (typeof OF_TEXTS)[number];
const SUPPORTED =
  "Rules have literals, lists, members of principal and arguments, == != < <= > >= in && || !, size(), has(), startsWith(), endsWith() and contains()";

/** What is wrong with a rule, and at which character. */
class RuleProblem extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads a rule: a condition in a subset of the Common Expression Language, of at most 2,048 characters.
 *
 * @see https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md
 * @throws {@link ToolkitError} `ERR_COMPOSE_RULE` for what is no condition of that subset, with the column.
 */
export function compileRule(tool: string, text: string): Rule {
  try {
    if (text.length > MAX_LENGTH)
      throw new RuleProblem(`it has more than ${MAX_LENGTH} characters`, MAX_LENGTH);
    const { ast } = parsed(text);
    const rule = read(ast, 0);
    if (!("op" in rule) || rule.op === "size") {
      if (!("value" in rule) || typeof rule.value !== "boolean")
        throw new RuleProblem("it is no condition: compare the value with another", ast.start);
    }
    return rule;
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    const { column, line } = placeOf(text, error.at);
    throw new ToolkitError(`Cannot use the rule of tool "${tool}": ${error.message}`, {
      code: "ERR_COMPOSE_RULE",
      details: [line, `${" ".repeat(column)}^`],
      hint: SUPPORTED,
      at: ["rules", tool],
      cause: error,
    });
  }
}

function parsed(text: string): ReturnType<typeof parse> {
  try {
    return parse(text);
  } catch (error) {
    const { summary, range, message } = error as {
      summary?: string;
      range?: { start: number };
      message: string;
    };
    throw new RuleProblem(`it is not CEL: ${summary ?? message.split("\n")[0]}`, range?.start ?? 0);
  }
}

/** The line that a character stands in, with what comes in front of it there; at most 80 characters of it. */
function placeOf(text: string, at: number): { column: number; line: string } {
  const start = Math.max(text.lastIndexOf("\n", at - 1) + 1, at - 60);
  const [line = ""] = text.slice(start, start + 80).split("\n");
  return { column: Math.min(at - start, line.length), line };
}

function read(node: ASTNode, depth: number): Rule {
  if (depth > MAX_DEPTH) throw new RuleProblem("it is nested too deeply", node.start);
  const below = (each: ASTNode): Rule => read(each, depth + 1);
  switch (node.op) {
    case "value":
      return { value: literal(node.args, node) };
    case "list":
      return { list: node.args.map(below) };
    case "-_": {
      const operand = below(node.args);
      if ("value" in operand && typeof operand.value === "number") return { value: -operand.value };
      throw new RuleProblem("it computes: - stands in front of numbers alone", node.start);
    }
    case "!_":
      return { op: "!", of: [below(node.args)] };
    case "id":
    case ".":
    case "[]":
      return { get: pathOf(node) };
    case "call":
      return called(node.args[0], node.args[1], node, below);
    case "rcall":
      return called(node.args[0], [node.args[1], ...node.args[2]], node, below, true);
    default: {
      const comparison = COMPARISONS.find((op) => op === node.op);
      if (comparison !== undefined) {
        return { op: comparison, of: (node.args as [ASTNode, ASTNode]).map(below) };
      }
      throw new RuleProblem(`"${node.op}" is not supported`, node.start);
    }
  }
}

function literal(value: unknown, { start }: ASTNode): string | number | boolean | null {
  if (typeof value === "bigint") {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new RuleProblem("the number is too large: from -9007199254740991 to 9007199254740991", start);
  }
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  throw new RuleProblem("literals are texts, numbers, true, false and null", start);
}

function pathOf(node: ASTNode): Path {
  if (node.op === "id") {
    if (node.args === "principal" || node.args === "arguments") return [node.args];
    throw unknownName(node.args, ["principal", "arguments"], node.start);
  }
  if (node.op !== "." && node.op !== "[]") {
    throw new RuleProblem("members are those of principal and arguments", node.start);
  }
  const path = pathOf(node.args[0]);
  const key = node.op === "." ? node.args[1] : indexOf(node.args[1]);
  if (path.length === 1 && path[0] === "principal" && !PRINCIPAL.includes(String(key))) {
    throw unknownName(String(key), PRINCIPAL, node.start, "principal.");
  }
  return [...path, key];
}

function indexOf(node: ASTNode): string | number {
  const value = node.op === "value" ? literal(node.args, node) : undefined;
  if (typeof value === "string" || (typeof value === "number" && Number.isInteger(value) && value >= 0)) {
    return value;
  }
  throw new RuleProblem("an index is a text or a whole number from 0", node.start);
}

function unknownName(name: string, known: readonly string[], at: number, prefix = ""): RuleProblem {
  const close = nearest(name, known);
  const meant = close === undefined ? `there are ${known.join(", ")}` : `did you mean "${prefix}${close}"?`;
  return new RuleProblem(`there is no "${prefix}${name}": ${meant}`, at);
}

function called(
  name: string,
  given: readonly ASTNode[],
  node: ASTNode,
  below: (node: ASTNode) => Rule,
  isMethod = false,
): Rule {
  const of = (count: number): readonly Rule[] => {
    if (given.length === count) return given.map(below);
    throw new RuleProblem(`"${name}" is given another number of values than it takes`, node.start);
  };
  if (name === "size") return { op: name, of: of(1) };
  if (name === "has" && !isMethod) {
    const operands = of(1);
    const [only] = operands;
    if (only !== undefined && "get" in only && only.get.length > 1) return { op: name, of: operands };
    throw new RuleProblem("has() takes a member, such as arguments.x", node.start);
  }
  const ofTexts = isMethod ? OF_TEXTS.find((op) => op === name) : undefined;
  if (ofTexts !== undefined) return { op: ofTexts, of: of(2) };
  throw new RuleProblem(`"${name}" is not supported`, node.start);
}
