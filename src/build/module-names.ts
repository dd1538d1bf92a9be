import { parse, type AnyNode, type Program } from "acorn";

/** A stretch of a text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What a module declares and where it names what. */
export interface ModuleNames {
  readonly program: Program;
  /** Names that imports declare, with the module and the export they stand for; `*` for all of it. */
  readonly imports: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
  /** What its variables are, by their names: those that are set once, where they are declared. And its functions. */
  readonly values: ReadonlyMap<string, AnyNode>;
  /** Every place that may name a variable, other than its declaration. Names that functions declare again are among them. */
  readonly uses: ReadonlyMap<string, readonly Range[]>;
}

/** Reads a module of one file. */
export function namesOf(code: string): ModuleNames {
  const program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  const imports = new Map<string, { from: string; name: string }>();
  const values = new Map<string, AnyNode>();
  const uses = new Map<string, Range[]>();
  for (const statement of program.body) {
    if (statement.type === "ImportDeclaration") {
      for (const specifier of statement.specifiers) {
        const imported = specifier.type === "ImportSpecifier" ? specifier.imported : undefined;
        const name = imported?.type === "Identifier" ? imported.name : "*";
        imports.set(specifier.local.name, { from: String(statement.source.value), name });
      }
    } else if (statement.type === "VariableDeclaration") {
      for (const { id, init } of statement.declarations) {
        if (id.type === "Identifier" && init) values.set(id.name, init);
      }
    } else if (statement.type === "FunctionDeclaration") {
      values.set(statement.id.name, statement);
    }
  }
  visit(program, (node, parent) => {
    if (node.type !== "Identifier") return;
    if (isSet(node, parent)) values.delete(node.name);
    if (!isName(node, parent)) return;
    const found = uses.get(node.name);
    if (found === undefined) uses.set(node.name, [node]);
    else found.push(node);
  });
  return { program, imports, values, uses };
}

/** Visits a node and all in it, with what each is directly in. */
export function visit(
  node: AnyNode,
  enter: (node: AnyNode, parent: AnyNode | undefined) => void,
  parent?: AnyNode,
): void {
  enter(node, parent);
  for (const member of Object.values(node) as unknown[]) {
    for (const inner of Array.isArray(member) ? (member as unknown[]) : [member]) {
      if (isNode(inner)) visit(inner, enter, node);
    }
  }
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

function isSet(node: AnyNode, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case "AssignmentExpression":
      return parent.left === node;
    case "UpdateExpression":
      return true;
    case "ForInStatement":
    case "ForOfStatement":
      return parent.left === node;
    // Patterns, which may be assigned to.
    case "ArrayPattern":
    case "RestElement":
    case "AssignmentPattern":
      return true;
    default:
      return false;
  }
}

/** False for identifiers that name members, labels and exports, and for declarations. */
function isName(node: AnyNode, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.key !== node || parent.computed;
    case "VariableDeclarator":
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return !("id" in parent && parent.id === node);
    case "ExportSpecifier":
      return parent.local === node;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return false;
    default:
      return true;
  }
}
