import { worldSource } from "../wit/index.ts";
import { decodeComponent } from "./decode-component.ts";
import { trackOf, type Interfaces } from "./interface.ts";
import { wasmTools } from "./wasm-tools.ts";

/** Interfaces of the contract by the names the generated parts use. */
export const HANDLER = "tenon:mcp/handler@0.1.0";
export const PROVIDER = "tenon:mcp/provider@0.1.0";
export const CATALOG = "tenon:mcp/catalog@0.1.0";
export const AUDIT = "tenon:mcp/audit@0.1.0";
export const CRYPTO = "tenon:mcp/crypto@0.1.0";
export const CONFIG = "tenon:host/config@0.1.0";
export const HTTP = "tenon:host/http@0.1.0";
export const KV = "tenon:host/kv@0.1.0";
export const SECRETS = "tenon:host/secrets@0.1.0";
export const LOG = "tenon:host/log@0.1.0";
export const CREDENTIALS = "tenon:host/credentials@0.1.0";

export const RANDOM = "wasi:random/random@0.2.0";

const NAMES = [
  HANDLER,
  PROVIDER,
  CATALOG,
  AUDIT,
  CRYPTO,
  "tenon:mcp/outbox@0.1.0",
  HTTP,
  KV,
  CONFIG,
  SECRETS,
  LOG,
  CREDENTIALS,
  RANDOM,
];

let decoded: Promise<Interfaces> | undefined;

/** Every interface of the contract, and WASI's `random`, by track, decoded once from the WIT of this package. */
export function contract(): Promise<Interfaces> {
  decoded ??= decodeContract();
  return decoded;
}

async function decodeContract(): Promise<Interfaces> {
  const { componentEmbed, componentNew } = await wasmTools();
  const witSource = worldSource({ name: "contract", imports: NAMES, exports: [] });
  const component = await componentNew(
    await componentEmbed({ witSource, world: "contract", dummy: true }),
    [],
  );
  const { imports } = await decodeComponent(component);
  return new Map([...imports].map(([name, of]) => [trackOf(name), of]));
}
