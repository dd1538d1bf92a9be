import { replaceCustomSection } from "../wasm/index.ts";
import type { Grants, Json } from "../manifest/index.ts";
import { CONFIG, HTTP, KV, SECRETS } from "./contract.ts";
import { contract } from "./contract.ts";
import { GateText } from "./gate-text.ts";
import { headerSecrets, readableSecrets } from "./grants.ts";
import { HttpRules } from "./http-rules.ts";
import { functionsOf, trackOf } from "./interface.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Name of the custom section in which a gate says what it lets through. Its code is the proof. */
export const GRANT_SECTION = "tenon:grant";

/** What a gate is made from. */
export interface GateRequest {
  /** Interface it sits on. */
  interface: string;
  /** Of the part behind it. Only what concerns the interface matters. */
  grants: Grants;
  /** For `tenon:host/config`: what `settings` answers. */
  settings?: string;
}

/** Interfaces that gates stand in front of. */
export const GATED: readonly string[] = [HTTP, KV, CONFIG, SECRETS];

/**
 * Generates the component that sits between a part and the host on one interface. Its code is the same for every grant;
 * the grant is a table in its memory. It passes a call on as it came when the grant covers it, and answers `denied` with
 * what was asked for otherwise.
 */
export async function generateGate(request: GateRequest): Promise<Uint8Array> {
  const known = await contract();
  const id = request.interface;
  const track = trackOf(id);
  const gate = new GateText(known, id);
  const { kv = [], config = [] } = request.grants;
  switch (track) {
    case trackOf(HTTP): {
      const rules = new HttpRules(gate, request.grants.http ?? [], headerSecrets(request.grants));
      rules.add();
      break;
    }
    case trackOf(KV): {
      const granted = gate.prefixes(kv);
      gate.pass("get-features");
      for (const name of functionsOf(known.get(track)!).filter((each) => each !== "get-features")) {
        gate.guard(name, granted, name === "list" ? "the key prefix" : "the key");
      }
      break;
    }
    case trackOf(CONFIG):
      gate.constant("settings", request.settings ?? "{}");
      gate.guard("get", gate.names(config), "the configuration key");
      break;
    case trackOf(SECRETS):
      gate.guard("get", gate.names(readableSecrets(request.grants)), "the secret");
      break;
    default:
      throw new TypeError(`there are no gates for ${id}`);
  }
  const component = await generateComponent(gate.toText(), {
    name: "gate",
    imports: gate.imports(),
    exports: [id],
  });
  return replaceCustomSection(
    component,
    GRANT_SECTION,
    new TextEncoder().encode(JSON.stringify(claim(request))),
  );
}

/** What a gate says about itself. */
function claim({ interface: id, grants, settings }: GateRequest): Json {
  return { interface: id, grants, ...(settings === undefined ? {} : { settings }) } as unknown as Json;
}
