import type { ToolManifest } from "../manifest/index.ts";
import {
  fieldOffsets,
  flatten,
  layoutOf,
  liftedSignature,
  payloadOffset,
  storeDiscriminant,
} from "./canonical-abi.ts";
import { contract, HANDLER } from "./contract.ts";
import { FIND, StaticMemory } from "./core-text.ts";
import { trackOf } from "./interface.ts";
import { functionType, type ValueType } from "./value-type.ts";
import { generateComponent } from "./wasm-tools.ts";

/** What the router answers and where it forwards. */
export interface Routes {
  name: string;
  version: string;
  /** In the order of `tools/list`; `provider` counts from 0. */
  tools: readonly { manifest: ToolManifest; provider: number }[];
  providers: number;
}

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;

/** Import name of the provider with that number. */
export function providerImport(index: number): string {
  return `p${index}`;
}

/**
 * Generates the end of the chain: a component without an engine that answers lists from constants and forwards
 * `tools/call` to the provider of the tool. It passes its own arguments on, so a request is copied once per component
 * boundary and never inside.
 */
export async function generateRouter(routes: Routes): Promise<Uint8Array> {
  const imports = Array.from({ length: routes.providers }, (_, i) => providerImport(i));
  return generateComponent(await routerModule(routes, imports), {
    name: "router",
    imports: [],
    exports: [HANDLER],
    extra: imports
      .map(
        (name) =>
          `  import ${name}: interface { use tenon:mcp/types@0.1.0.{context, request, outcome}; handle: func(ctx: context, req: request) -> outcome; }`,
      )
      .join("\n"),
  });
}

async function routerModule(routes: Routes, imports: readonly string[]): Promise<string> {
  const handle = functionType(await contract(), trackOf(HANDLER), "handle");
  const { parameters } = liftedSignature(handle);
  const request = record(handle.parameters[1]);
  const at = (field: string): number =>
    flatten(handle.parameters[0]!).length +
    request.fields
      .slice(
        0,
        request.fields.findIndex(({ name }) => name === field),
      )
      .flatMap(({ type }) => flatten(type)).length;
  const memory = new StaticMemory();
  const outcome = variant(handle.result);
  const answer = memory.reserve(layoutOf(outcome).size);
  const payload = answer + payloadOffset(outcome);
  const discriminant = (name: string): string =>
    `(${storeDiscriminant(outcome)} (i32.const ${answer}) (i32.const ${outcome.cases.findIndex((c) => c.name === name)}))`;
  const storeText = (address: number, text: string): string => {
    const { at: start, length } = memory.text(text);
    return `(i32.store (i32.const ${address}) (i32.const ${start})) (i32.store (i32.const ${address + 4}) (i32.const ${length}))`;
  };
  const clear = `(memory.fill (i32.const ${answer}) (i32.const 0) (i32.const ${layoutOf(outcome).size}))`;
  const done = `(return (i32.const ${answer}))`;
  const success = (json: string): string =>
    `${clear} ${discriminant("success")} ${storeText(payload, json)} ${done}`;
  const error = record(outcome.cases.find(({ name }) => name === "failure")?.type);
  const errorField = (name: string): number =>
    payload + fieldOffsets(error.fields)[error.fields.findIndex((field) => field.name === name)]!;
  const failure = (code: number, message: string): string =>
    `${clear} ${discriminant("failure")} (i32.store (i32.const ${errorField("code")}) (i32.const ${code}))
     ${storeText(errorField("message"), message)} ${done}`;

  const method = at("method");
  const whenMethod = (name: string, body: string): string => {
    const { at: start, length } = memory.text(name);
    return `
    (if (i32.eq ${local(method + 1)} (i32.const ${length}))
      (then (if (call $equal ${local(method)} (i32.const ${start}) (i32.const ${length})) (then
        ${body}))))`;
  };
  const rows = memory.words(
    routes.tools.flatMap(({ manifest, provider }) => {
      const { at: start, length } = memory.text(manifest.name);
      return [start, length, provider, 0];
    }),
  );
  const target = at("target");
  const forward = (index: number): string =>
    `(call $${imports[index]} ${parameters.map((_, i) => local(i)).join(" ")} (i32.const ${answer})) ${done}`;
  // The innermost block is left for provider 0, the next for provider 1, and so on.
  const dispatch = imports.reduce(
    (inner, name, i) => `(block $to-${name} ${inner})\n        ${forward(i)}`,
    `(br_table ${imports.map((name) => `$to-${name}`).join(" ")} $to-${imports[0]} (i32.load offset=8 (local.get $row)))`,
  );

  const body = [
    whenMethod(
      "tools/call",
      `
        (if (i32.eqz ${local(target)}) (then ${failure(INVALID_PARAMS, "Unknown tool")}))
        (local.set $row (call $find (i32.const ${rows}) (i32.const ${routes.tools.length}) ${local(target + 1)} ${local(target + 2)}))
        (if (i32.eqz (local.get $row)) (then ${failure(INVALID_PARAMS, "Unknown tool")}))
        ${dispatch}`,
    ),
    whenMethod(
      "tools/list",
      success(JSON.stringify({ tools: routes.tools.map((tool) => publicTool(tool.manifest)) })),
    ),
    whenMethod("ping", success("{}")),
    whenMethod("server/discover", success(discovery(routes))),
    failure(METHOD_NOT_FOUND, "Method not found"),
  ].join("\n    ");

  // A host that re-enters an instance would overwrite the request in flight: jco does not stop it.
  return `(module
  ${imports.map((name) => `(import "${name}" "handle" (func $${name} (param ${parameters.join(" ")} i32)))`).join("\n  ")}
  (global $busy (mut i32) (i32.const 0))
  ${memory.toText()}
  ${FIND}
  (func (export "${HANDLER}#handle") (param ${parameters.join(" ")}) (result i32) (local $row i32)
    (if (global.get $busy) (then unreachable))
    (global.set $busy (i32.const 1))
    (if (i32.eqz ${local(at("id"))}) (then ${clear} ${discriminant("accepted")} ${done}))
    ${body})
  (func (export "cabi_post_${HANDLER}#handle") (param i32)
    (call $reset)
    (global.set $busy (i32.const 0))))`;
}

function local(index: number): string {
  return `(local.get ${index})`;
}

/** What `server/discover` answers, and the catalog's entry of the server. */
export function discovery({ name, version }: { name: string; version: string }): string {
  return JSON.stringify({ serverInfo: { name, version }, capabilities: { tools: {} } });
}

/** The members of a tool that clients see. */
function publicTool(tool: ToolManifest): ToolManifest {
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  return {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    inputSchema,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function record(type: ValueType | undefined): ValueType & { kind: "record" } {
  if (type?.kind !== "record") throw new Error("the contract has a record here");
  return type;
}

function variant(type: ValueType | undefined): ValueType & { kind: "variant" } {
  if (type?.kind !== "variant") throw new Error("the contract has a variant here");
  return type;
}
