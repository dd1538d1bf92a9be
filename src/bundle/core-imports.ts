import type { LentService } from "./host-definition.ts";

/** Names of the interfaces that a core imports, with their versions. */
export async function coreImports(core: Uint8Array): Promise<string[]> {
  const { componentWit } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const world = await componentWit(core);
  return [...world.matchAll(/^ {2}import ([^;]+);$/gm)].map((match) => match[1]!);
}

const LENT: Record<string, LentService> = {
  "tenon:host/config": "config",
  "tenon:host/http": "http",
  "tenon:host/kv": "kv",
  "tenon:host/secrets": "secrets",
  "tenon:mcp/outbox": "outbox",
};

/** The services among the imports of a core. */
export function lentServices(imports: readonly string[]): LentService[] {
  return imports.flatMap((each) => LENT[each.replace(/@.*$/, "")] ?? []);
}
