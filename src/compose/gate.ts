import { grantMistakes, type Grants } from "../manifest/index.ts";
import { readCustomSection, replaceCustomSection } from "../wasm/index.ts";
import { CONFIG, contract, HTTP, KV, SECRETS } from "./contract.ts";
import { GateText } from "./gate-text.ts";
import { headerSecrets, readableSecrets } from "./grants.ts";
import { addHttpRules } from "./http-rules.ts";
import { functionsOf, trackOf } from "./interface.ts";
import type { LogLine } from "./log-call.ts";
import { generateComponent } from "./wasm-tools.ts";

/** Name of the custom section in which a gate says what it lets through. Its code is the proof. */
export const GRANT_SECTION = "tenon:grant";

// Settings may be large; what is larger than any is no claim.
const MAX_CLAIM = 16 * 1024 * 1024;

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
 *
 * @param recorded See {@link GateText}. Such a gate claims no grant.
 */
export async function generateGate(request: GateRequest, recorded?: LogLine): Promise<Uint8Array> {
  const known = await contract();
  const { interface: id, grants, settings } = request;
  const track = trackOf(id);
  const gate = new GateText(known, id, recorded);
  let claim: Grants;
  switch (track) {
    case trackOf(HTTP): {
      const { http = [] } = grants;
      const signed = headerSecrets(grants);
      addHttpRules(gate, http, signed);
      claim = signed.length === 0 ? { http } : { http, secrets: signed };
      break;
    }
    case trackOf(KV): {
      const { kv = [] } = grants;
      const granted = gate.prefixes(kv);
      gate.pass("get-features");
      for (const name of functionsOf(known.get(track)!).filter((each) => each !== "get-features")) {
        gate.guard(name, granted, name === "list" ? "the key prefix" : "the key");
      }
      claim = { kv };
      break;
    }
    case trackOf(CONFIG): {
      const { config = [] } = grants;
      gate.constant("settings", settings ?? "{}");
      gate.guard("get", gate.names(config), "the configuration key");
      claim = { config };
      break;
    }
    case trackOf(SECRETS): {
      const names = readableSecrets(grants);
      gate.guard("get", gate.names(names), "the secret");
      claim = { secrets: names.map((name) => ({ name })) };
      break;
    }
    default:
      throw new TypeError(`there are no gates for ${id}`);
  }
  const component = await generateComponent(gate.toText(), {
    name: "gate",
    imports: gate.imports(),
    exports: [id],
  });
  if (recorded !== undefined) return component;
  const text = JSON.stringify({ ...request, grants: claim } satisfies GateRequest);
  return replaceCustomSection(component, GRANT_SECTION, new TextEncoder().encode(text));
}

/**
 * What a gate was made from, when its bytes are those that this version of tenon makes from it; nothing otherwise.
 */
export async function readGate(bytes: Uint8Array): Promise<GateRequest | undefined> {
  const payload = readCustomSection(bytes, GRANT_SECTION);
  if (payload === undefined || payload.length > MAX_CLAIM) return undefined;
  let request: GateRequest;
  try {
    request = JSON.parse(new TextDecoder().decode(payload)) as GateRequest;
  } catch {
    return undefined;
  }
  const { interface: id, grants, settings } = request;
  if (!GATED.includes(id) || grantMistakes(grants).length > 0) return undefined;
  if (settings !== undefined && typeof settings !== "string") return undefined;
  return Buffer.compare(await generateGate(request), bytes) === 0 ? request : undefined;
}
