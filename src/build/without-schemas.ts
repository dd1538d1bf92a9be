import type { AnyNode, ObjectExpression, Property } from "acorn";
import { namesOf, visit, type ModuleNames, type Range } from "./module-names.ts";

/** Which schemas of a tool a component does without. */
export interface Replaced {
  readonly input: boolean;
  readonly output: boolean;
}

const LIBRARY = /^zod(?:\/|$)/;

/**
 * A module without the schemas that compiled checks stand for, and without the library that made them. What made them is
 * written over, so that all else stays where it was. Nothing when the library is needed for anything else, or when that cannot be
 * told: a schema goes only if nothing but its tool, and a tool if nothing but the provider, can reach it.
 *
 * @param code The author's code as one module that imports the SDK and the library.
 * @param replaced By the names of tools.
 */
export function withoutSchemas(code: string, replaced: ReadonlyMap<string, Replaced>): string | undefined {
  const names = namesOf(code);
  const dead: Range[] = [];
  const shorthands = new Set<Range>();
  for (const tool of definedTools(names)) {
    const name = textOf(names, memberOf(tool, "name")?.value);
    const { input = false, output = false } = (name === undefined ? undefined : replaced.get(name)) ?? {};
    const members = [input && memberOf(tool, "input"), output && memberOf(tool, "output")];
    for (const member of members) {
      if (!member || !isInert(names, member.value)) continue;
      dead.push(member.value);
      if (member.shorthand) shorthands.add(member.value);
    }
  }
  if (dead.length === 0) return undefined;
  const functions = dropUnused(names, dead);
  const imports = names.program.body.filter(
    (statement) => statement.type === "ImportDeclaration" && LIBRARY.test(String(statement.source.value)),
  );
  const imported = [...names.imports].filter(([, { from }]) => LIBRARY.test(from));
  if (imported.some(([name]) => usesOf(names, name, [...dead, ...functions]).length > 0)) return undefined;
  const without = dead.reduce(
    (text, range) => overwritten(text, range, shorthands.has(range) ? "_:0" : "0"),
    code,
  );
  return [...imports, ...functions].reduce((text, range) => overwritten(text, range, ""), without);
}

/** Adds values that nothing uses any more, and returns functions of that kind. */
function dropUnused(names: ModuleNames, dead: Range[]): Range[] {
  const functions: Range[] = [];
  for (let before = -1; before !== dead.length + functions.length;) {
    before = dead.length + functions.length;
    for (const [name, value] of names.values) {
      const gone = [...dead, ...functions];
      if (gone.includes(value) || usesOf(names, name, [...gone, value]).length > 0) continue;
      if (value.type === "FunctionDeclaration") functions.push(value);
      else if (isInert(names, value)) dead.push(value);
    }
  }
  return functions;
}

/** Spaces take the place of a stretch of text, and lines stay lines. */
function overwritten(text: string, { start, end }: Range, by: string): string {
  const blank = text.slice(start + by.length, end).replace(/[^\n]/g, " ");
  return text.slice(0, start) + by + blank + text.slice(end);
}

function usesOf({ uses }: ModuleNames, name: string, without: readonly Range[] = []): Range[] {
  return (uses.get(name) ?? []).filter(
    (use) => !without.some((range) => range.start <= use.start && use.end <= range.end),
  );
}

/** What an expression is; nothing for a variable that is used anywhere else. */
function soleValue(names: ModuleNames, node: AnyNode | null | undefined): AnyNode | undefined {
  if (node?.type !== "Identifier") return node ?? undefined;
  return usesOf(names, node.name).length === 1 ? names.values.get(node.name) : undefined;
}

/** The objects that define the tools of the exported provider, which nothing else reaches. */
function definedTools(names: ModuleNames): ObjectExpression[] {
  const exported = names.program.body
    .flatMap((statement) => (statement.type === "ExportNamedDeclaration" ? statement.specifiers : []))
    .find((specifier) => specifier.exported.type === "Identifier" && specifier.exported.name === "default");
  const definition = argumentOf(names, soleValue(names, exported?.local), "provider");
  if (definition === undefined) return [];
  return elementsOf(names, memberOf(definition, "tools")?.value).flatMap((element) => {
    const value = soleValue(names, element);
    const tool = value?.type === "ObjectExpression" ? value : argumentOf(names, value, "defineTool");
    return tool === undefined || seesItself(tool) ? [] : [tool];
  });
}

/** The object that a function of the SDK is called with. */
function argumentOf(
  { imports }: ModuleNames,
  node: AnyNode | undefined,
  name: string,
): ObjectExpression | undefined {
  if (node?.type !== "CallExpression" || node.callee.type !== "Identifier") return undefined;
  const callee = imports.get(node.callee.name);
  const [first] = node.arguments;
  const isCall = callee?.from === "tenon" && callee.name === name;
  return isCall && first?.type === "ObjectExpression" ? first : undefined;
}

function elementsOf(names: ModuleNames, node: AnyNode | undefined): AnyNode[] {
  const list = soleValue(names, node);
  if (list?.type !== "ArrayExpression") return [];
  return list.elements.flatMap((element) => {
    if (element === null) return [];
    return element.type === "SpreadElement" ? elementsOf(names, element.argument) : [element];
  });
}

/** A member of an object that is written out, all of it. */
function memberOf({ properties }: ObjectExpression, name: string): Property | undefined {
  if (properties.some((property) => property.type === "SpreadElement" || property.computed)) return undefined;
  return (properties as Property[]).find(
    ({ kind, method, key }) => kind === "init" && !method && key.type === "Identifier" && key.name === name,
  );
}

/** True for an object whose functions may reach it. */
function seesItself(object: ObjectExpression): boolean {
  let found = false;
  visit(object, ({ type }) => {
    found ||= type === "ThisExpression";
  });
  return found;
}

function textOf({ values }: ModuleNames, node: AnyNode | undefined): string | undefined {
  const value = node?.type === "Identifier" ? values.get(node.name) : node;
  return value?.type === "Literal" && typeof value.value === "string" ? value.value : undefined;
}

/** True when nothing but its value comes of an expression: the library is called, and functions that only call it. */
function isInert(
  names: ModuleNames,
  node: AnyNode | null | undefined,
  within: readonly AnyNode[] = [],
): boolean {
  const inert = (inner: AnyNode | null | undefined): boolean => isInert(names, inner, within);
  switch (node?.type) {
    case undefined:
    case "Identifier":
    case "Literal":
    case "ArrowFunctionExpression":
    case "FunctionExpression":
      return true;
    case "TemplateLiteral":
      return node.expressions.every(inert);
    case "ArrayExpression":
      return node.elements.every(inert);
    case "ObjectExpression":
      return node.properties.every(inert);
    case "Property":
      return (!node.computed || inert(node.key)) && inert(node.value);
    case "SpreadElement":
    case "UnaryExpression":
      return !("operator" in node && node.operator === "delete") && inert(node.argument);
    case "BinaryExpression":
    case "LogicalExpression":
      return inert(node.left) && inert(node.right);
    case "ConditionalExpression":
      return inert(node.test) && inert(node.consequent) && inert(node.alternate);
    case "MemberExpression":
      return inert(node.object) && (!node.computed || inert(node.property));
    case "CallExpression":
      return (
        node.arguments.every(inert) &&
        (isLibrary(names, node.callee) || returns(names, node.callee, within, isInert))
      );
    default:
      return false;
  }
}

/** True for the library, a schema it made, and what they have. */
function isLibrary(names: ModuleNames, node: AnyNode, within: readonly AnyNode[] = []): boolean {
  switch (node.type) {
    case "Identifier": {
      const value = names.values.get(node.name);
      if (value === undefined) return LIBRARY.test(names.imports.get(node.name)?.from ?? "");
      return !within.includes(value) && isLibrary(names, value, [...within, value]);
    }
    case "MemberExpression":
      return isLibrary(names, node.object, within);
    case "CallExpression":
      return isLibrary(names, node.callee, within) || returns(names, node.callee, within, isLibrary);
    default:
      return false;
  }
}

/** True for a function of the author that does nothing but return what is as asked. */
function returns(
  names: ModuleNames,
  node: AnyNode,
  within: readonly AnyNode[],
  isAsked: typeof isLibrary,
): boolean {
  const made = node.type === "Identifier" ? names.values.get(node.name) : undefined;
  if (made?.type !== "ArrowFunctionExpression" && made?.type !== "FunctionDeclaration") return false;
  if (made.async || made.generator || within.includes(made)) return false;
  const isPlain = (parameter: AnyNode): boolean =>
    parameter.type === "Identifier" &&
    !names.values.has(parameter.name) &&
    !names.imports.has(parameter.name);
  if (!made.params.every(isPlain)) return false;
  const { body } = made;
  const [only, ...others] = body.type === "BlockStatement" ? body.body : [body];
  if (only === undefined || others.length > 0) return false;
  const value = only.type === "ReturnStatement" ? only.argument : only;
  return value != null && isAsked(names, value, [...within, made]);
}
