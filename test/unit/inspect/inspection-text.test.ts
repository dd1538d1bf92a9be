import { expect, test } from "vitest";
import { compose } from "../../../src/compose/index.ts";
import { inspect, inspectionText, renderGraph } from "../../../src/inspect/index.ts";
import { writeManifest } from "../../../src/manifest/index.ts";
import { authenticating, oneToolProvider, passing } from "../../fixtures/chain-parts.ts";
import { acmeCore, acmeParts } from "./acme-core.ts";
import { sampleInspection, samplePart } from "./sample-inspection.ts";

function plain(_style: string, text: string): string {
  return text;
}

function mark(style: string, text: string): string {
  return `<${style}>${text}</${style}>`;
}

/** Checksums and sizes move with every change of what is composed. */
function normalise(text: string): string {
  return text.replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:DIGEST").replaceAll(/[\d.]+ [kM]?B\b/g, "SIZE");
}

test("the text of a server has everything, aligned and at most 100 columns wide", async () => {
  const text = inspectionText(await inspect((await acmeCore()).bytes), "core.wasm", plain);
  expect(normalise(text)).toBe(`acme 1.0.0, composed server, access public
  file      core.wasm
  digest    sha256:DIGEST
  size      SIZE, SIZE gzip
  chain     host → pass → watch → router → pay, spare
  verdict   access is public: no caller is authenticated, and anyone may call
  policy    sha256:DIGEST
  caching   results at most public, prompts 60 s public, resourceTemplates 60 s public,
            resources 0 s private, tools 60 s private
  catalog   sha256:DIGEST
  imports   tenon:host/http@0.1.0, tenon:host/kv@0.1.0, tenon:host/log@0.1.0,
            tenon:host/secrets@0.1.0, tenon:mcp/types@0.1.0
  exports   tenon:mcp/catalog@0.1.0, tenon:mcp/handler@0.1.0
  denied    3 functions answered by stubs

Tools (2)
  charge(account: string, cents: integer) → {ok: boolean}  pay
  spare(account: string, cents: integer) → {ok: boolean}   spare

Resources (1)
  pay://rates (text/csv)  pay
  and more that only pay knows when it runs

Resource templates (1)
  pay://receipts/{id}  pay

Prompts (1)
  dun(account, tone?)  pay

Parts
  pass: middleware 1.0.0, SIZE
    digest    sha256:DIGEST
    made with sdk 0.1.0, quickjs 0.4.5
    next      tenon:mcp/handler
  watch: middleware 1.0.0, SIZE
    digest    sha256:DIGEST
    made with sdk 0.1.0, quickjs 0.4.5
    methods   tools/call
    next      tenon:mcp/handler
  pay: provider 1.0.0, SIZE
    digest    sha256:DIGEST
    made with sdk 0.1.0, quickjs 0.4.5
    client    asked while a call runs
    asks for  tenon:host/http – talks to the bank
    asks for  tenon:host/kv
    asks for  tenon:host/secrets
    gate      http https://api.example GET
    gate      secrets token as authorization to https://api.example
    gate      kv prefix-a/*
    gate      secrets salt
  spare: provider 1.0.0, SIZE
    digest    sha256:DIGEST
    made with sdk 0.1.0, quickjs 0.4.5
    asks for  tenon:host/http – talks to the bank
    asks for  tenon:host/kv
    asks for  tenon:host/secrets
    denied    3 functions of tenon:host/{http, kv, secrets}
`);
  expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
});

test("the text of a component says what it asks for and imports", async () => {
  const { pay, watch } = await acmeParts();
  expect(normalise(inspectionText(await inspect(pay), "pay.wasm", plain))).toContain(`pay 1.0.0, provider
  file      pay.wasm
  digest    sha256:DIGEST
  size      SIZE, SIZE gzip
  catalog   sha256:DIGEST
  made with sdk 0.1.0, quickjs 0.4.5
  client    asked while a call runs
  asks for  tenon:host/http – talks to the bank
  asks for  tenon:host/kv
  asks for  tenon:host/secrets
  imports   tenon:host/{http, kv, secrets}, tenon:mcp/types
  exports   tenon:mcp/provider@0.1.0

Tools (1)
`);
  expect(normalise(inspectionText(await inspect(watch), "watch.wasm", plain))).toBe(`watch 1.0.0, middleware
  file      watch.wasm
  digest    sha256:DIGEST
  size      SIZE, SIZE gzip
  made with sdk 0.1.0, quickjs 0.4.5
  methods   tools/call
  imports   tenon:mcp/{handler, types}
  exports   tenon:mcp/handler@0.1.0
`);
});

test("what disagrees comes first, and is set apart", () => {
  const contradictions = ["The manifest says one thing, and the bytes say another"];
  const text = inspectionText(
    sampleInspection([samplePart("p", "provider")], { contradictions }),
    "f",
    (style, each) => `<${style}>${each}</>`,
  );
  expect(text).toMatch(
    /^<red>The manifest and the bytes disagree\. Do not trust this file:<\/>\n {2}- The manifest says/,
  );
  expect(text).toContain("\n\n<bold>sample 1.0.0, composed server, access public</>\n");
});

test("control characters of a file do not reach the terminal", () => {
  const inspection = sampleInspection([samplePart("p", "provider")], {
    description: "a\u001b[2Jb\u009b\u202ec\u0007",
  });
  expect(inspectionText(inspection, "f\u001b", plain)).toContain("a\\u{1b}[2Jb\\u{9b}\\u{202e}c\\u{7}");
  expect(inspectionText(inspection, "f\u001b", plain)).not.toMatch(/(?!\n)\p{Cc}/u);
});

test("of a server for the authenticated it shows who stands where, what the bytes prove, and what is required", async () => {
  const requires = [{ principal: true as const, for: "limits by principal" }];
  const { bytes, manifest } = await compose({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    websiteUrl: "https://acme.example",
    icons: [{ src: "https://acme.example/icon.png", sizes: ["48x48"], theme: "dark" }],
    instructions: "Ask before you order.",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [
      { as: "log", bytes: await passing("log") },
      { as: "auth", bytes: await authenticating() },
      { as: "per-caller", bytes: await passing("per-caller", { requires }) },
    ],
  });
  const inspection = await inspect(bytes);
  expect(inspection.verdict).toEqual({ proven: true, text: "every provider and list is behind auth" });
  const text = inspectionText(inspection, "core.wasm", mark);
  expect(text).toContain(`
  website   https://acme.example
  icons     https://acme.example/icon.png (48x48 dark)
  tells     Ask before you order.
`);
  expect(text).toContain(`
  chain     host → log → auth (authenticates) → per-caller (by principal) → router → weather
  verdict   every provider and list is behind auth
  policy    ${manifest.policyDigest}
`);
  expect(text).toContain("    requires  a known caller, for: limits by principal\n");
  expect(renderGraph(inspection)).toContain("authenticates every caller");

  const [log, auth, perCaller] = manifest.middleware;
  const forged = await inspect(writeManifest(bytes, { ...manifest, middleware: [auth!, log!, perCaller!] }));
  expect(forged.verdict?.proven).toBe(false);
  expect(inspectionText(forged, "core.wasm", mark)).toContain(
    "<red>  verdict   the bytes do not prove what the manifest says</red>",
  );
  expect(renderGraph(forged)).toContain("NOT PROVEN");
});
