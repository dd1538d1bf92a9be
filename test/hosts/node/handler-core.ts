import { writeManifest, type CoreManifest, type Grants } from "../../../src/manifest/index.ts";
import { worldSource } from "../../../src/wit/index.ts";
import { componentizeCached } from "../../fixtures/componentize-cached.ts";

const MANIFEST: CoreManifest = {
  manifestVersion: 1,
  kind: "core",
  name: "fixture",
  version: "1.0.0",
  access: "public",
  policyDigest: `sha256:${"0".repeat(64)}`,
  cache: { scope: "public", lists: {} },
  middleware: [],
  providers: [
    {
      as: "fixture",
      name: "fixture",
      version: "1.0.0",
      digest: `sha256:${"0".repeat(64)}`,
      capabilities: [],
      toolchain: { sdk: "0.1.0", engine: { name: "quickjs", version: "0.4.5" } },
      tools: ["echo"],
    },
  ],
  tools: [{ name: "echo", inputSchema: { type: "object" } }],
  stubs: [],
};

/** A manifest of a core whose one part has these grants. */
export function coreManifest(grants: Grants): CoreManifest {
  const [provider] = MANIFEST.providers;
  return { ...MANIFEST, providers: [{ ...provider!, grants }] };
}

/** A core whose tools misbehave in every way the host must survive, without the composer in between. */
export const HOSTILE = `
import { write } from "tenon:host/log@0.1.0";
const text = (value) => ({ tag: "success", val: JSON.stringify({ content: [{ type: "text", text: value }] }) });
const log = (message, fields) => write({ level: "info", source: "fixture", message, fields });
let calls = 0;
export const handler = {
  handle(context, request) {
    calls++;
    if (request.method === "server/discover")
      return { tag: "success", val: '{"serverInfo":{"name":"fixture","version":"1.0.0"},"capabilities":{"tools":{}}}' };
    if (request.method === "tools/list")
      return { tag: "success", val: '{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}' };
    const args = JSON.parse(request.params).arguments ?? {};
    switch (request.target) {
      case "echo": return text(JSON.stringify(args));
      case "context": return text(context);
      case "calls": return text(String(calls));
      case "log": log("line\\u009b one\\nand two", '{"a":1}'); return text("");
      case "log-flood": for (let i = 0; i < 10000; i++) log("x".repeat(100)); return text("");
      case "loop": log("before the loop"); for (;;);
      case "throw": throw new Error("secret path /etc/passwd");
      case "recurse": { const deeper = (n) => deeper(n + 1) + 1; return text(String(deeper(0))); }
      case "big": return text("x".repeat(1 << 30));
      case "five-megabytes": return text("x".repeat(5 << 20));
      case "hoard": { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)); }
      case "not-json": return { tag: "success", val: '{"content":[]}, "id": 99' };
      case "refuse":
        return { tag: "refused", val: { status: 429, headers: [["retry-after", "7"]],
          error: { code: 429, message: "slow down", data: '{"limit":1}' } } };
    }
    return { tag: "failure", val: { code: -32602, message: "Unknown tool", data: undefined } };
  },
};`;

/** Builds a core from JavaScript that exports `handler`; WASI is stubbed inside. */
export async function handlerCore(
  jsSource: string = HOSTILE,
  options: { imports?: readonly string[]; manifest?: Partial<CoreManifest> } = {},
): Promise<Uint8Array> {
  const imports = options.imports ?? ["tenon:mcp/outbox@0.1.0", "tenon:host/log@0.1.0"];
  const wit = worldSource({ name: "fixture", imports, exports: ["tenon:mcp/handler@0.1.0"] });
  const component = await componentizeCached({ code: jsSource, wit, world: "fixture", stubWasi: true });
  return writeManifest(component, { ...MANIFEST, ...options.manifest });
}
