import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { defineAuthentication, type Outcome, type Request } from "tenon";
import { handleMiddleware } from "../../src/sdk/handle-middleware.ts";
import { createLog } from "../../src/sdk/log.ts";
import {
  ADA,
  AUTHENTICATING,
  authenticatedBy,
  compileAuthenticating,
  OK,
  type Entries,
} from "../fixtures/authenticated-caller.ts";
import { CONTEXT } from "../fixtures/compiled-component.ts";
import { anyRule, text, valueText } from "../fixtures/rule-inputs.ts";

// Middleware without an engine decides on its own what the SDK decides for others: both must come to the same.
beforeAll(compileAuthenticating);

/** The same by the SDK. */
async function expected(request: Request, catalog: Entries, answer: Outcome) {
  const passed: unknown[] = [];
  const facts = {};
  const definition = defineAuthentication({
    name: "sdk",
    version: "1.0.0",
    authenticate: () => ({ principal: ADA }),
  });
  const outcome = await handleMiddleware(definition, {
    log: createLog(() => {}),
    services: {},
    authorization: () => "Bearer key",
    audit: { record: (recorded) => void Object.assign(facts, JSON.parse(recorded)), take: () => "[]" },
    catalog: (kind, name) => {
      const entry = catalog[`${kind} ${name}`];
      return entry && JSON.stringify(entry);
    },
    next: (context) => {
      passed.push(JSON.parse(context));
      return answer;
    },
  })(CONTEXT, request);
  return { outcome: comparable(outcome), facts, passed };
}

/** A list is the same however its JSON is written. */
function comparable(outcome: Outcome): unknown {
  return outcome.tag === "success" ? { ...outcome, val: JSON.parse(outcome.val) as unknown } : outcome;
}

const scopes = fc.option(fc.uniqueArray(fc.constantFrom("a", "b", "c", "c!", "d"), { maxLength: 3 }), {
  nil: undefined,
});
const policy = fc.record({ scopes, rule: fc.option(anyRule, { nil: undefined }) });
const uri = fc.oneof(
  fc.constantFrom(
    "docs://a",
    "docs://a/b",
    "docs://",
    "other:a",
    "docs://\u00e9",
    "docs://a?q=1",
    "docs://a?q=%",
    "docs://%C3%A9",
    "docs://%ED%A0%80",
  ),
  fc.string({
    unit: fc.constantFrom(
      "docs:",
      "/",
      "a",
      "b",
      "?",
      "q=",
      "&",
      "p=",
      "%41",
      "%C3",
      "#",
      ";",
      ",",
      ".",
      "\u{1f600}",
    ),
    maxLength: 9,
  }),
);
const expression = fc.tuple(
  fc.constantFrom("", "+", "#", ".", "/", ";", "?", "&", "=", "*"),
  fc.constantFrom("a", "a,b", "q", "q,p", "b", "a.b", "a*", "a:1", "", "a..b"),
);
const template = fc.oneof(
  fc.constantFrom(
    "docs://{a}",
    "docs://{+a}",
    "docs://{a}/{b}",
    "docs://{a}{?q}",
    "docs://{a}{?q,p}",
    "{x}",
    "docs://a",
    "docs:{/a,b}",
    "docs:{;a}",
    "docs://{a}}",
    "docs://{{a}",
  ),
  fc
    .array(
      fc.oneof(
        fc.constantFrom("docs:", "/", "//", "a", "?", "b", "{", "}", "%41", "^"),
        expression.map(([operator, names]) => `{${operator}${names}}`),
      ),
      { maxLength: 5 },
    )
    .map((parts) => `docs:${parts.join("")}`),
);
const offered = fc.record({
  tools: fc.dictionary(fc.constantFrom("t", "u", "v"), policy),
  prompts: fc.dictionary(fc.constantFrom("t", "u"), policy),
  resources: fc.array(fc.tuple(uri, policy), { maxLength: 3 }).map((each) => Object.fromEntries(each)),
  resourceTemplates: fc
    .array(fc.tuple(template, policy), { maxLength: 4 })
    .map((each) => Object.fromEntries(each)),
});
const KINDS = {
  tools: "tool",
  prompts: "prompt",
  resources: "resource",
  resourceTemplates: "resource-template",
} as const;

/** A catalog of which some is restricted. */
const catalogs = fc
  .tuple(
    offered,
    fc.array(fc.constantFrom("tools", "prompts", "resources", "resourceTemplates"), { minLength: 1 }),
    fc.array(uri, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([all, lists, open, hasRoles]) => {
    const catalog: Entries = {};
    const restricted: Record<string, string[]> = {};
    for (const list of new Set(lists)) {
      restricted[list] = Object.keys(all[list]);
      for (const [name, entry] of Object.entries(all[list])) {
        catalog[`${KINDS[list]} ${name}`] = entry;
      }
    }
    for (const name of open) catalog[`resource ${name}`] ??= {};
    catalog["server "] = {
      restricted,
      ...(hasRoles && { roles: { r: ["c", "a"], s: [], other: ["d"] } }),
      protectedResourceMetadata: "https://mcp.example/metadata",
    };
    return catalog;
  });

const requests: fc.Arbitrary<Request> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "tools/call",
        "tasks/get",
        "prompts/get",
        "completion/complete",
        "resources/read",
        "resources/subscribe",
        "resources/unsubscribe",
        "ping",
      ),
      fc.oneof(fc.constantFrom("t", "u", "w"), uri, template),
      valueText,
    )
    .map(([method, target, args]) => ({ id: "1", method, target, params: `{"arguments":${args}}` })),
  fc.array(uri, { maxLength: 3 }).map((uris) => ({
    id: "1",
    method: "subscriptions/listen",
    params: JSON.stringify({ notifications: { resourceSubscriptions: uris } }),
  })),
);

/** An instance of the one with a part in the engine takes long to start. */
const RUNS = { "auth-api-key": 1, "auth-jwt": 0.1 };

describe.each(AUTHENTICATING)("%s lets a caller use and see what the SDK does", (name) => {
  test("whatever is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogs,
        fc.array(requests, { minLength: 1, maxLength: 5 }),
        async (catalog, asked) => {
          for (const request of asked) {
            const { handle, facts, passed } = authenticatedBy(name, catalog);
            const outcome = comparable(handle(request));
            expect({ outcome, facts, passed }).toEqual(await expected(request, catalog, OK));
          }
        },
      ),
      { numRuns: 250 * RUNS[name] },
    );
  });

  const entry = fc.record(
    {
      name: fc.oneof(fc.constantFrom("t", "u", "w"), fc.integer()),
      uri: fc.oneof(uri, fc.constant(null)),
      uriTemplate: template,
    },
    { requiredKeys: [] },
  );
  const lists = fc
    .record(
      {
        tools: fc.array(entry),
        prompts: fc.array(entry),
        resources: fc.array(entry),
        resourceTemplates: fc.array(entry),
        nextCursor: text,
      },
      { requiredKeys: [] },
    )
    .map((result) => ({ tag: "success", val: JSON.stringify(result) }) as const);

  test("whatever a list has", async () => {
    await fc.assert(
      fc.asyncProperty(
        catalogs,
        fc.constantFrom("tools/list", "prompts/list", "resources/list", "resources/templates/list", "ping"),
        lists,
        async (catalog, method, answer) => {
          const { handle, facts, passed } = authenticatedBy(name, catalog, () => answer);
          const outcome = comparable(handle({ id: "1", method, params: "{}" }));
          expect({ outcome, facts, passed }).toEqual(
            await expected({ id: "1", method, params: "{}" }, catalog, answer),
          );
        },
      ),
      { numRuns: 400 * RUNS[name] },
    );
  });
});
