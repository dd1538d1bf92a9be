import { describe, expect, test } from "vitest";
import * as z from "zod";
import { kindOf } from "../../../src/sdk/definition.ts";
import { defineMiddleware, provider } from "../../../src/sdk/index.ts";

const tool = { name: "add", description: "Adds", input: z.object({}), run: () => "" };
const resource = { uri: "notes://index", name: "index", read: () => "" };
const template = { uriTemplate: "notes://{id}", name: "note", read: () => "" };
const valid = { name: "calculator", version: "1.0.0", tools: [tool] };

/** The message a definition is refused with. */
function refusal(define: () => unknown): string | undefined {
  try {
    define();
  } catch (error) {
    if (error instanceof TypeError) return error.message;
  }
  return undefined;
}

describe("provider()", () => {
  test("marks and freezes a definition", () => {
    const made = provider(valid);
    expect(kindOf(made)).toBe("provider");
    expect(Object.isFrozen(made)).toBe(true);
    expect(kindOf({ ...valid, kind: "provider" })).toBeUndefined();
  });

  test.for([
    [undefined, "Cannot define a provider: the definition is not an object"],
    [{ ...valid, name: undefined }, "Cannot define a provider: it has no name"],
    [
      { ...valid, name: "Big_Name" },
      'Cannot define provider "Big_Name": a name is lower-case letters and digits in words joined by hyphens, at most 64 characters',
    ],
    [
      { ...valid, version: "1.0" },
      'Cannot define provider "calculator": its version is not a semantic version such as 1.0.0',
    ],
    [{ ...valid, title: 5 }, 'Cannot define provider "calculator": its title is not a string'],
    [
      { ...valid, tools: [] },
      'Cannot define provider "calculator": it offers nothing: no tools, resources, resource templates or prompts',
    ],
    [
      { ...valid, tools: [tool, { ...tool }] },
      'Cannot define provider "calculator": two tools have the name "add"',
    ],
    [{ ...valid, tools: [null] }, 'Cannot define provider "calculator": one of its tools is not an object'],
    [
      { ...valid, tools: [{ ...tool, name: "a b" }] },
      'Cannot define tool "a b": a name has 1 to 128 characters, of A-Z a-z 0-9 . _ -',
    ],
    [{ ...valid, tools: [{ ...tool, description: " " }] }, 'Cannot define tool "add": it has no description'],
    [{ ...valid, tools: [{ ...tool, run: 5 }] }, 'Cannot define tool "add": it has no run function'],
    [
      { ...valid, tools: [{ ...tool, input: { type: "object" } }] },
      'Cannot define tool "add": its input is not a schema; for a tool without arguments write z.object({})',
    ],
    [{ ...valid, tools: [{ ...tool, output: {} }] }, 'Cannot define tool "add": its output is not a schema'],
    [{ ...valid, tools: {} }, 'Cannot define provider "calculator": its tools are not a list'],
    [
      { ...valid, resources: [{ ...resource, uri: "notes" }] },
      'Cannot define resource "notes": its URI is not absolute: it must start with a scheme, such as notes:',
    ],
    [
      { ...valid, resources: [{ ...resource, uri: "notes://a b" }] },
      'Cannot define resource "notes://a b": its URI has characters that must be percent-encoded',
    ],
    [
      { ...valid, resources: [{ ...resource, name: "" }] },
      'Cannot define resource "notes://index": it has no name of 1 to 256 characters',
    ],
    [
      { ...valid, resources: [{ ...resource, mimeType: "text" }] },
      'Cannot define resource "notes://index": its mimeType is not one such as text/plain',
    ],
    [
      { ...valid, resources: [{ ...resource, size: -1 }] },
      'Cannot define resource "notes://index": its size is not a number of bytes',
    ],
    [
      { ...valid, resources: [resource, resource] },
      'Cannot define provider "calculator": two resources have the uri "notes://index"',
    ],
    [
      { ...valid, resourceTemplates: [{ ...template, uriTemplate: "notes://{id" }] },
      'Cannot define resource template "notes://{id": a { has no }',
    ],
    [
      { ...valid, resourceTemplates: [{ ...template, complete: { id: () => [], tag: () => [] } }] },
      'Cannot define resource template "notes://{id}": it completes "tag", and there are id',
    ],
    [
      { ...valid, prompts: [{ name: "greet", get: "hello" }] },
      'Cannot define prompt "greet": it has no get function',
    ],
    [
      { ...valid, prompts: [{ name: "greet", get: () => "", complete: { who: () => [] } }] },
      'Cannot define prompt "greet": it completes "who", and there is none',
    ],
    [
      { ...valid, dynamic: { tool: { list: () => [] } } },
      'Cannot define provider "calculator": its dynamic has "tool"; there are tools, resources, resourceTemplates, prompts',
    ],
    [
      { ...valid, dynamic: { tools: { list: () => [] } } },
      'Cannot define provider "calculator": its dynamic tools has no call function',
    ],
    [
      { ...valid, dynamic: { resourceTemplates: { list: () => [] } } },
      'Cannot define provider "calculator": its dynamic resourceTemplates need dynamic resources, whose read answers for them',
    ],
    [
      { ...valid, capabilities: { network: "why" } },
      'Cannot define provider "calculator": it declares the capability "network"; there are http, kv, config, secrets',
    ],
    [
      { ...valid, capabilities: { http: " " } },
      'Cannot define provider "calculator": its capability "http" has no reason: whoever grants it reads why it is needed',
    ],
    [
      { ...valid, tools: [{ ...tool, scopes: ["a", "a"] }] },
      'Cannot define tool "add": its scopes names something twice',
    ],
  ])("refuses %j", ([definition, message]) => {
    expect(refusal(() => provider(definition as never))).toBe(message);
  });
});

describe("defineMiddleware()", () => {
  test.for([
    [{ name: "m", version: "1.0.0" }, 'Cannot define middleware "m": it has no handle function'],
    [
      { name: "m", version: "1.0.0", handle: () => {}, methods: "tools/call" },
      'Cannot define middleware "m": its methods is not a list of strings',
    ],
    [
      { name: "m", version: "1.0.0", handle: () => {}, settings: "x" },
      'Cannot define middleware "m": its settings are neither a schema nor a JSON Schema',
    ],
    ...(
      [
        [{}, "its requires is not a list"],
        [["x"], "its requires[0] is not an object"],
        [
          [{ principal: true }],
          "its requires[0].for does not say, in at most 1024 characters, what does not work without it",
        ],
        [
          [{ for: "x" }],
          "its requires[0] requires nothing; there are principal, behindAuthentication, peer, http, kv, secret",
        ],
        [
          [{ for: "x", principle: true }],
          'its requires[0] has "principle"; there are when, for, principal, behindAuthentication, peer, http, kv, secret',
        ],
        [
          [{ for: "x", principal: false }],
          "its requires[0].principal is not true, and left out is what is not",
        ],
        [[{ for: "x", http: 7 }], "its requires[0].http is not the name of a setting"],
        [[{ for: "x", kv: {} }], "its requires[0].kv has no prefix, which is the name of a setting"],
        [
          [{ for: "x", kv: { prefix: "p", feature: [] } }],
          'its requires[0].kv has "feature"; there are prefix, features',
        ],
        [
          [{ for: "x", kv: { prefix: "p", features: ["fast"] } }],
          'its requires[0].kv.features has "fast"; there are persistent, swap',
        ],
        [
          [{ for: "x", secret: "s", when: true }],
          "its requires[0].when is not a JSON Schema of the settings",
        ],
        [
          Array.from({ length: 17 }, () => ({ for: "x", secret: "s" })),
          "it has 17 requirements, and 16 are the most",
        ],
      ] as const
    ).map(
      ([requires, problem]) =>
        [
          { name: "m", version: "1.0.0", handle: () => {}, requires },
          `Cannot define middleware "m": ${problem}`,
        ] as const,
    ),
  ])("refuses %j", ([definition, message]) => {
    expect(refusal(() => defineMiddleware(definition as never))).toBe(message);
  });
});
