// What goes around the core modules of a component: its imports, and how its functions are lifted and lowered. It is taken
// from a component that wit-component makes of a module without code, in whose text everything has a name.

/** The text around a component's core modules, in three parts. */
export interface Skeleton {
  /** Types and imports. */
  head: string[];
  /** Functions of the imports as core functions, which take the memory `$memory` and the allocator. */
  lowered: { text: string; id: string }[];
  /** What the module imports, by module and name: ids of core functions. */
  given: Map<string, Map<string, string>>;
  /** Where the module's allocator becomes a core function. */
  allocators: string[];
  /** Functions and instances of the exports. */
  tail: string[];
}

/** What the module without code is called in there. */
export const MAIN = "$main";
const SHIM = "$wit-component-shim-instance";
const ID = String.raw`\$(?:"(?:[^"\\]|\\.)*"|[^\s()]+)`;

/**
 * Takes apart the text of a component that wit-component made.
 *
 * @throws Error when something in it is not as expected.
 */
export function skeletonOf(text: string): Skeleton {
  const forms = topLevelForms(text);
  const bags = new Map<string, Map<string, string>>();
  const shims = new Map<string, string>();
  const skeleton: Skeleton = { head: [], lowered: [], given: new Map(), allocators: [], tail: [] };
  let main: Map<string, string> | undefined;
  for (const form of forms) {
    const instance = match(form, `^\\(core instance (${ID})`)?.[1];
    if (/^\(core module|^\(@/.test(form)) continue;
    if (instance !== undefined && form.includes("(instantiate ")) {
      if (instance === MAIN) main = pairs(form, `\\(with "([^"]*)" \\(instance (${ID})\\)\\)`);
    } else if (instance !== undefined) {
      bags.set(instance, pairs(form, `\\(export "([^"]*)" \\(func (${ID})\\)\\)`));
    } else if (form.startsWith(`(alias core export ${SHIM} `)) {
      const [, number, id] = match(form, `"([0-9]+)" \\(core func (${ID})`) ?? fail(form);
      shims.set(id!, number!);
    } else if (form.startsWith("(core func ")) {
      const id = match(form, `^\\(core func (${ID})`)?.[1] ?? fail(form);
      skeleton.lowered.push({ id, text: form });
    } else if (/^\((?:type|import|alias export|component|instance|export|func) /.test(form)) {
      const isTail = skeleton.tail.length > 0 || form.includes("(canon lift ");
      skeleton[isTail ? "tail" : "head"].push(form);
    } else if (form.startsWith(`(alias core export ${MAIN} `)) {
      if (form.includes('"cabi_realloc"')) skeleton.allocators.push(form);
      else if (!form.includes("(core memory ")) skeleton.tail.push(form);
    } else fail(form);
  }
  if (main === undefined) throw new Error("no module is instantiated");
  const actual = bags.get("$actual");
  for (const [module, bag] of main) {
    const functions = new Map<string, string>();
    for (const [name, id] of bags.get(bag) ?? fail(bag)) {
      const shim = shims.get(id);
      functions.set(name, shim === undefined ? id : (actual?.get(shim) ?? fail(id)));
    }
    skeleton.given.set(module, functions);
  }
  return skeleton;
}

function match(form: string, pattern: string): RegExpExecArray | null {
  return new RegExp(pattern).exec(form);
}

function pairs(form: string, pattern: string): Map<string, string> {
  return new Map([...form.matchAll(new RegExp(pattern, "g"))].map(([, name, id]) => [name!, id!]));
}

function fail(form: string): never {
  throw new Error(`unexpected ${form.slice(0, 100)}`);
}

/** The forms inside the outermost one, without the space around them. */
function topLevelForms(text: string): string[] {
  const forms: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { index, 0: token } of text.matchAll(/"(?:[^"\\]|\\.)*"|[()]/g)) {
    if (token === "(" && ++depth === 2) start = index;
    if (token === ")" && depth-- === 2) forms.push(text.slice(start, index + 1));
  }
  return forms;
}
