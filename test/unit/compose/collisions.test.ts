import { beforeAll, expect, test } from "vitest";
import { writeManifest, type ProviderManifest } from "../../../src/manifest/index.ts";
import { composeError } from "../../fixtures/compose-error.ts";
import { providerManifest } from "../../fixtures/quickjs-component.ts";
import { constantProvider } from "../../fixtures/wat-component.ts";

let provider: Uint8Array;

beforeAll(async () => {
  provider = await constantProvider("{}");
});

function collide(a: Partial<ProviderManifest>, b: Partial<ProviderManifest>): Promise<string> {
  return composeError({
    name: "acme",
    version: "1.0.0",
    access: "public",
    providers: [a, b].map((offer, i) => ({
      as: ["notes", "wiki"][i]!,
      bytes: writeManifest(provider, { ...providerManifest("p", []), ...offer }),
    })),
    middleware: [],
  });
}

test.each([
  ["resource", "RESOURCE", { resources: [{ uri: "a://b", name: "b" }] }, "a://b"],
  [
    "resource template",
    "RESOURCE",
    { resourceTemplates: [{ uriTemplate: "a://{b}", name: "b" }] },
    "a://{b}",
  ],
  ["prompt", "PROMPT", { prompts: [{ name: "summarize" }] }, "summarize"],
  ["tool", "TOOL", { tools: [{ name: "add", inputSchema: {} }] }, "add"],
])("compose() names both providers of one %s", async (kind, code, offer, name) => {
  expect(await collide(offer, offer))
    .toBe(`Cannot compose "notes" with "wiki": both have a ${kind} called "${name}"
Hint: Rename the ${kind} in "notes" or in "wiki"
ERR_COMPOSE_${code}_COLLISION`);
});

function template(uriTemplate: string): Partial<ProviderManifest> {
  return { resourceTemplates: [{ uriTemplate, name: "t" }] };
}

test("compose() refuses templates that differ in the names of their variables alone", async () => {
  expect(await collide(template("a://{b}/c{?d}"), template("a://{+x}/c{&y*,z}")))
    .toBe(`Cannot compose "notes" with "wiki": their resource templates match the same URIs
  "notes" has a://{b}/c{?d}
  "wiki" has a://{+x}/c{&y*,z}
Hint: Change the fixed text of the template in "notes" or in "wiki"
ERR_COMPOSE_RESOURCE_COLLISION`);
});

test.each([
  ["tools", "tool"],
  ["resources", "resource"],
  ["resourceTemplates", "resource template"],
  ["prompts", "prompt"],
] as const)("compose() refuses two providers with dynamic %s", async (list, kind) => {
  expect(await collide({ dynamic: [list] }, { dynamic: [list] }))
    .toBe(`Cannot compose "notes" with "wiki": both answer the list of ${kind}s themselves
  A ${kind} that nothing else has could belong to either
Hint: Compose "notes" and "wiki" into two servers
ERR_COMPOSE_DYNAMIC_COLLISION`);
});

function wordyTools(prefix: string): Partial<ProviderManifest> {
  return {
    tools: Array.from({ length: 140 }, (_, i) => ({
      name: `${prefix}${i}`,
      description: "é".repeat(8_000),
      inputSchema: {},
    })),
  };
}

test("compose() refuses a list that is larger than any client would read", async () => {
  expect(await collide(wordyTools("a"), wordyTools("b"))).toMatch(
    /^Cannot compose "acme": its list of tools takes 4\d{6} bytes, over 4194304\nHint: Shorten descriptions and schemas, or divide the providers among servers\nERR_CONFIG$/,
  );
});
