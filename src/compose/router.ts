import type { DynamicList } from "../manifest/index.ts";
import { HANDLER } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { HandleText, handlerImport } from "./handle-text.ts";
import { listPages, type ListPage } from "./list-pages.ts";
import { discovery, offers, type Owned, type Routes } from "./routes.ts";
import { inTriedOrder, MATCH, templatePattern, templateTable } from "./uri-template.ts";
import { generateComponent } from "./wasm-tools.ts";

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
const INTERNAL = -32603;

/** The methods that lists answer. */
export const LIST_METHODS: Record<DynamicList, string> = {
  tools: "tools/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
  prompts: "prompts/list",
};
const TASK_METHODS = ["tasks/get", "tasks/update", "tasks/cancel"];
const NO_VALUES = '{"completion":{"values":[]}}';
/** In the place of a provider's number: nobody needs to be asked. */
const NOBODY = -1;

/** Import name of the provider with that number. */
export function providerImport(index: number): string {
  return `p${index}`;
}

/**
 * Generates the end of the chain: a component without an engine that answers lists from constants and forwards what names
 * a thing to the provider that has it. It passes its own arguments on, so a request is copied once per component
 * boundary and never inside.
 */
export async function generateRouter(routes: Routes): Promise<Uint8Array> {
  const imports = routes.providers.map((_, i) => providerImport(i));
  return generateComponent(await new RouterText(routes).toText(imports), {
    name: "router",
    imports: [],
    exports: [HANDLER],
    extra: imports.map(handlerImport).join("\n"),
  });
}

/** Builds the text of a router. */
class RouterText {
  #routes: Routes;
  #memory = new StaticMemory();

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  async toText(imports: readonly string[]): Promise<string> {
    const handle = await HandleText.create(this.#memory);
    const routes = this.#routes;
    const lists = (Object.keys(LIST_METHODS) as DynamicList[])
      .filter((list) => routes.cache.lists[list] !== undefined)
      .map((list) => handle.whenMethod(LIST_METHODS[list], this.#list(handle, list)));
    const things = [
      ...(offers(routes, "tools") ? [handle.whenMethod("tools/call", this.#call(handle))] : []),
      ...this.#tasks(handle),
      ...(offers(routes, ...RESOURCES) ? [handle.whenMethod("resources/read", this.#read(handle))] : []),
      ...(offers(routes, "prompts") ? [handle.whenMethod("prompts/get", this.#get(handle))] : []),
      ...(offers(routes, "prompts", "resourceTemplates")
        ? [handle.whenMethod("completion/complete", this.#complete(handle))]
        : []),
    ];
    const body = [
      ...things,
      ...lists,
      ...subscriptionMethods(routes).map((method) => handle.whenMethod(method, handle.success("{}"))),
      handle.whenMethod("ping", handle.success("{}")),
      handle.whenMethod("server/discover", handle.success(discovery(routes))),
      handle.failure(METHOD_NOT_FOUND, "Method not found"),
    ].join("\n    ");

    // The innermost block is left for provider 0, the next for provider 1, and so on.
    const dispatch = imports.reduce(
      (inner, name) => `(block $to-${name} ${inner})\n    ${handle.forward(name)}`,
      `(br_table ${imports.map((name) => `$to-${name}`).join(" ")} (local.get $owner))`,
    );
    const functions = `${FIND}
  ${MATCH}
  ${HAS_COLON}
  ${isTarget(handle)}
  ${handle.functions()}
  ${this.#splice(handle)}
  (func $ask ${handle.parameters} (param $owner i32) (result i32)
    (if (i32.eq (local.get $owner) (i32.const ${NOBODY})) (then ${handle.success(NO_VALUES)}))
    ${dispatch})`;
    // A host that re-enters an instance would overwrite the request in flight: jco does not stop it.
    return `(module
  ${imports.map((name) => handle.import(name, name)).join("\n  ")}
  (global $busy (mut i32) (i32.const 0))
  ${this.#memory.toText()}
  ${functions}
  (func (export "${HANDLER}#handle") ${handle.parameters} (result i32) (local $row i32) (local $owner i32)
    (if (global.get $busy) (then unreachable))
    (global.set $busy (i32.const 1))
    (if (i32.eqz (local.get ${handle.field("id")})) (then (return (call $outcome (i32.const ${handle.caseOf("accepted")})))))
    ${body})
  (func (export "cabi_post_${HANDLER}#handle") (param i32)
    (call $reset)
    (global.set $busy (i32.const 0))))`;
  }

  #call(handle: HandleText): string {
    const { tools, dynamic } = this.#routes;
    return `
        ${this.#find(
          handle,
          tools.map(({ manifest, provider }) => [manifest.name, provider]),
        )}
        ${this.#otherwise(handle, "Unknown tool", dynamic.tools)}`;
  }

  /** The tool of the task is the target; without one the task is unknown. */
  #tasks(handle: HandleText): string[] {
    const tools = this.#routes.tools.filter(({ manifest }) => manifest.task !== undefined);
    if (tools.length === 0) return [];
    const find = this.#find(
      handle,
      tools.map(({ manifest, provider }) => [manifest.name, provider]),
    );
    const body = `${find} ${handle.failure(INVALID_PARAMS, "Unknown task")}`;
    return TASK_METHODS.map((method) => handle.whenMethod(method, body));
  }

  #get(handle: HandleText): string {
    const { prompts, dynamic } = this.#routes;
    return `
        ${this.#find(
          handle,
          prompts.map(({ manifest, provider }) => [manifest.name, provider]),
        )}
        ${this.#otherwise(handle, "Unknown prompt", dynamic.prompts)}`;
  }

  /** A URI itself, else the template with the most fixed text that it matches, else whoever makes resources up. */
  #read(handle: HandleText): string {
    const { resources, resourceTemplates, dynamic } = this.#routes;
    const target = handle.field("target");
    const templates = inTriedOrder(resourceTemplates).map(({ manifest, provider }) => ({
      pattern: templatePattern(manifest.uriTemplate),
      owner: provider,
    }));
    const match = `
        (if (local.get ${target}) (then
          (local.set $owner (call $match (i32.const ${templateTable(this.#memory, templates)}) (i32.const ${templates.length})
            (local.get ${target + 1}) (local.get ${target + 2})))
          (if (i32.ne (local.get $owner) (i32.const ${NOBODY})) (then (return ${this.#ask(handle, "(local.get $owner)")})))))`;
    return `
        ${this.#find(
          handle,
          resources.map(({ manifest, provider }) => [manifest.uri, provider]),
        )}
        ${templates.length === 0 ? "" : match}
        ${this.#otherwise(handle, "Unknown resource", dynamic.resources ?? dynamic.resourceTemplates)}`;
  }

  /**
   * The target is a prompt's name or a URI or template of one. Names the composition does not know belong to a dynamic
   * provider: those with a colon are URIs, where there is one for each kind.
   */
  #complete(handle: HandleText): string {
    const { prompts, resources, resourceTemplates, dynamic } = this.#routes;
    const owners = new Map<string, number>([
      ...resources.map(({ manifest }) => [manifest.uri, NOBODY] as const),
      ...resourceTemplates.map((each) => [each.manifest.uriTemplate, completerOf(each)] as const),
    ]);
    for (const each of prompts) {
      const { name } = each.manifest;
      if (completerOf(each) !== NOBODY || !owners.has(name)) owners.set(name, completerOf(each));
    }
    const uris = dynamic.resourceTemplates;
    const names = dynamic.prompts;
    const target = handle.field("target");
    const both =
      uris === undefined || names === undefined
        ? ""
        : `(if (local.get ${target}) (then
          (if (call $has-colon (local.get ${target + 1}) (local.get ${target + 2})) (then (return ${this.#ask(handle, `(i32.const ${uris})`)})))))`;
    return `
        ${this.#find(handle, [...owners])}
        ${both}
        ${this.#otherwise(handle, "Unknown prompt or resource template", names ?? uris)}`;
  }

  /** Asks the owner of the target, when the table has one. */
  #find(handle: HandleText, owners: readonly (readonly [name: string, owner: number])[]): string {
    if (owners.length === 0) return "";
    const target = handle.field("target");
    const rows = owners.flatMap(([name, owner]) => {
      const { at, length } = this.#memory.text(name);
      return [at, length, owner, 0];
    });
    return `(if (local.get ${target}) (then
          (local.set $row (call $find (i32.const ${this.#memory.words(rows)}) (i32.const ${owners.length})
            (local.get ${target + 1}) (local.get ${target + 2})))
          (if (local.get $row) (then (return ${this.#ask(handle, "(i32.load offset=8 (local.get $row))")})))))`;
  }

  #ask(handle: HandleText, owner: string): string {
    return `(call $ask ${handle.passed} ${owner})`;
  }

  /** What becomes of a target that the tables do not have. */
  #otherwise(handle: HandleText, message: string, dynamic: number | undefined): string {
    const unknown = handle.failure(INVALID_PARAMS, message);
    return dynamic === undefined
      ? unknown
      : `(if (i32.eqz (local.get ${handle.field("target")})) (then ${unknown}))
        (return ${this.#ask(handle, `(i32.const ${dynamic})`)})`;
  }

  /** The page that the target, a cursor, names; without one the first. */
  #list(handle: HandleText, list: DynamicList): string {
    const dynamic = this.#routes.dynamic[list];
    const [first, ...further] = listPages(list, this.#routes);
    const last = further.at(-1) ?? first;
    const answer = (page: ListPage): string =>
      page === last && dynamic !== undefined
        ? this.#spliced(handle, list, page.head, dynamic)
        : handle.success(`${page.head}${page.tail}`);
    const pages = further.map(
      (page) =>
        `(if (call $is-target ${handle.passed} ${this.#textAt(page.cursor!)}) (then ${answer(page)}))`,
    );
    return `(if (local.get ${handle.field("target")}) (then
          ${pages.join("\n          ")}
          ${handle.failure(INVALID_PARAMS, 'Invalid params: "cursor" is not one this server gave out')}))
        ${answer(first)}`;
  }

  /** Returns the entries that `head` ends with, and behind them what the dynamic provider lists. */
  #spliced(handle: HandleText, list: DynamicList, head: string, dynamic: number): string {
    return `(return (call $splice ${handle.passed} (i32.const ${dynamic}) ${this.#textAt(head)} ${this.#textAt(`{"${list}":[`)}))`;
  }

  /** Address and length of a constant. */
  #textAt(text: string): string {
    const { at, length } = this.#memory.text(text);
    return `(i32.const ${at}) (i32.const ${length})`;
  }

  /**
   * The text of `$splice`: asks a dynamic provider for its list and puts `$head`, which ends with the constant entries, in
   * the place of the `$frame` that the list starts with. Errors of the provider stand.
   */
  #splice(handle: HandleText): string {
    if (Object.keys(this.#routes.dynamic).length === 0) return "";
    const at = `(i32.load (i32.const ${handle.payload}))`;
    const length = `(i32.load (i32.const ${handle.payload + 4}))`;
    const isCase = (name: string): string =>
      `(i32.eq (i32.load8_u (i32.const ${handle.answer})) (i32.const ${handle.caseOf(name)}))`;
    const fail = handle.failure(INTERNAL, "Internal error");
    const brackets = "(i32.const 0x7d5d)"; // "]}" in little endian
    return `
  (func $splice ${handle.parameters} (param $owner i32) (param $head i32) (param $head-length i32) (param $frame-at i32) (param $frame i32) (result i32)
    (local $at i32) (local $rest i32) (local $comma i32) (local $new i32)
    (drop (call $ask ${handle.passed} (local.get $owner)))
    (if (i32.or ${isCase("failure")} ${isCase("refused")}) (then (return (i32.const ${handle.answer}))))
    (if (i32.eqz ${isCase("success")}) (then ${fail}))
    (if (i32.lt_u ${length} (i32.add (local.get $frame) (i32.const 2))) (then ${fail}))
    (if (i32.eqz (call $equal ${at} (local.get $frame-at) (local.get $frame))) (then ${fail}))
    (if (i32.ne (i32.load16_u (i32.sub (i32.add ${at} ${length}) (i32.const 2))) ${brackets}) (then ${fail}))
    (local.set $at (i32.add ${at} (local.get $frame)))
    (local.set $rest (i32.sub ${length} (local.get $frame)))
    (local.set $comma (i32.and (i32.gt_u (local.get $rest) (i32.const 2))
      (i32.ne (i32.load8_u (i32.sub (i32.add (local.get $head) (local.get $head-length)) (i32.const 1))) (i32.const 0x5b))))
    (local.set $new (call $allocate (i32.const 0) (i32.const 0) (i32.const 1)
      (i32.add (i32.add (local.get $head-length) (local.get $comma)) (local.get $rest))))
    (memory.copy (local.get $new) (local.get $head) (local.get $head-length))
    (i32.store8 (i32.add (local.get $new) (local.get $head-length)) (i32.const 0x2c))
    (memory.copy (i32.add (i32.add (local.get $new) (local.get $head-length)) (local.get $comma)) (local.get $at) (local.get $rest))
    (call $success (local.get $new) (i32.add (i32.add (local.get $head-length) (local.get $comma)) (local.get $rest))))`;
  }
}

/** Who completes a thing. */
function completerOf({ manifest, provider }: Owned<{ completes?: string[] }>): number {
  return (manifest.completes ?? []).length > 0 ? provider : NOBODY;
}

const RESOURCES = ["resources", "resourceTemplates"] as const;

/** Methods that ask to hear of changes: whoever may is decided by the chain, and the rest is for the host. */
function subscriptionMethods(routes: Routes): string[] {
  const ofResources = ["resources/subscribe", "resources/unsubscribe"];
  return ["subscriptions/listen", ...(offers(routes, ...RESOURCES) ? ofResources : [])];
}

/** The text of `$is-target`: whether the request has a target, and that one. */
function isTarget(handle: HandleText): string {
  const target = handle.field("target");
  return `
  (func $is-target ${handle.parameters} (param $at i32) (param $length i32) (result i32)
    (if (i32.eqz (local.get ${target})) (then (return (i32.const 0))))
    (if (i32.ne (local.get ${target + 2}) (local.get $length)) (then (return (i32.const 0))))
    (call $equal (local.get ${target + 1}) (local.get $at) (local.get $length)))`;
}

const HAS_COLON = `
  (func $has-colon (param $at i32) (param $length i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $length)) (then (return (i32.const 0))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x3a)) (then (return (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $length (i32.sub (local.get $length) (i32.const 1)))
      (br $next))
    unreachable)`;
