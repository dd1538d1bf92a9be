import { beforeAll, describe, expect, test } from "vitest";
import type { Outcome, Request } from "tenon";
import { buildComponent } from "../../../src/build/index.ts";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../../fixtures/compiled-component.ts";

let component: CompiledComponent;
const store = new Map<string, string>();

let manifest: object;

beforeAll(async () => {
  const { bytes, ...built } = await buildComponent({ entry: "test/fixtures/components/asking.ts" });
  manifest = built.manifest;
  component = await compileComponent(bytes);
});

function instantiate(): Instance {
  store.clear();
  return component.instantiate({
    host: () => ({
      "tenon:host/kv": {
        set: (key: string, value: string) => void store.set(key, value),
        increment(key: string, delta: number) {
          const sum = Number(store.get(key) ?? 0) + delta;
          store.set(key, String(sum));
          return sum;
        },
      },
    }),
  });
}

const CAPABLE = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };

interface Inputs {
  responses?: unknown;
  state?: unknown;
}

function contextWith(inputs: Inputs | undefined, more: object = {}): string {
  const client = { capabilities: CAPABLE };
  return JSON.stringify({
    ...(JSON.parse(CONTEXT) as object),
    client,
    inputs,
    retry: inputs && true,
    ...more,
  });
}

function toolCall(name: string, args: object = {}): Request {
  return { id: "1", method: "tools/call", target: name, params: JSON.stringify({ name, arguments: args }) };
}

interface Asked {
  requests: Record<string, { method: string; params: Record<string, unknown> }>;
  state: Record<string, unknown>;
  bytes: number;
}

/** What an outcome asks. */
function asked(outcome: Outcome): Asked {
  if (outcome.tag !== "input-required") throw new Error(`It ended: ${JSON.stringify(outcome)}`);
  const { requests, state } = outcome.val;
  return {
    requests: JSON.parse(requests) as Asked["requests"],
    state: JSON.parse(state!) as Asked["state"],
    bytes: Buffer.byteLength(state!),
  };
}

/** The text of a result. */
function textOf(outcome: Outcome): string {
  if (outcome.tag !== "success") throw new Error(`It failed: ${JSON.stringify(outcome)}`);
  const { content } = JSON.parse(outcome.val) as { content: { text: string }[] };
  return content[0]!.text;
}

const greeting = { role: "assistant", content: { type: "text", text: "Welcome" }, model: "m" };
const accepted = (content: object): object => ({ action: "accept", content });

test("the manifest says that it asks", () => {
  expect(manifest).toMatchObject({ kind: "provider", asks: true });
});

describe("a call over several rounds", () => {
  test("goes on where it waited, with the same values, and does what is done once", () => {
    const instance = instantiate();
    const call = toolCall("book", { place: "Rome" });
    const first = asked(instance.handle(call, contextWith(undefined)));
    expect(first.requests).toEqual({
      guest: {
        method: "elicitation/create",
        params: {
          mode: "form",
          message: "Who comes to Rome?",
          requestedSchema: {
            type: "object",
            properties: {
              name: { type: "string", minLength: 1 },
              seats: { type: "integer", minimum: 1, maximum: 8, default: 1 },
            },
            required: ["name"],
          },
        },
      },
    });
    const guest = accepted({ name: "Ada" });
    const second = asked(instance.handle(call, contextWith({ responses: { guest }, state: first.state })));
    expect(second.requests).toEqual({
      "sample-1": {
        method: "sampling/createMessage",
        params: {
          messages: [{ role: "user", content: { type: "text", text: "Greet Ada at Rome." } }],
          maxTokens: 50,
        },
      },
    });
    const third = asked(
      instance.handle(call, contextWith({ responses: { "sample-1": greeting }, state: second.state })),
    );
    expect(third.requests["send"]!.params["message"]).toBe('Send "Welcome" to Ada?');
    const outcome = instance.handle(
      call,
      contextWith({ responses: { send: accepted({ ok: true }) }, state: third.state }),
    );
    const result = JSON.parse(textOf(outcome)) as Record<string, unknown>;
    expect(result).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      note: "Welcome",
      bookings: 1,
      seenAt: 1_700_000_000_000,
    });
    expect([...store]).toEqual([
      [`bookings/${String(result["id"])}`, "Ada, 1, Rome"],
      ["bookings/count", "1"],
    ]);
    expect(instance.logs).toEqual([]);
  });

  test("asks for what is asked at once in one round, and again for what was not answered", () => {
    const instance = instantiate();
    const call = toolCall("together");
    const first = asked(instance.handle(call, contextWith(undefined)));
    expect(Object.keys(first.requests)).toEqual(["elicit-1", "sample-2", "roots-3"]);
    const second = asked(
      instance.handle(
        call,
        contextWith({ responses: { "sample-2": greeting, stray: { action: "accept" } }, state: first.state }),
      ),
    );
    expect(Object.keys(second.requests)).toEqual(["elicit-1", "roots-3"]);
    const roots = { roots: [{ uri: "file:///a", name: "A", extra: 1 }] };
    const outcome = instance.handle(
      call,
      contextWith({
        responses: { "elicit-1": { action: "decline" }, "roots-3": roots },
        state: second.state,
      }),
    );
    expect(JSON.parse(textOf(outcome))).toEqual({
      who: { action: "decline" },
      greeting: "Welcome",
      roots: [{ uri: "file:///a", name: "A" }],
    });
  });

  test("an answer that comes before its question is taken", () => {
    const inputs = { responses: { "elicit-url-1": { action: "cancel" } } };
    expect(textOf(instantiate().handle(toolCall("visit"), contextWith(inputs)))).toBe("cancel");
  });

  test("prompts and resources ask as well", () => {
    const instance = instantiate();
    const prompt: Request = { id: "1", method: "prompts/get", target: "letter", params: '{"name":"letter"}' };
    const { state } = asked(instance.handle(prompt, contextWith(undefined)));
    const outcome = instance.handle(
      prompt,
      contextWith({ responses: { "elicit-1": accepted({ name: "Ada" }) }, state }),
    );
    expect(JSON.stringify(outcome)).toContain("Write to Ada.");
    const uri = "asking://folder";
    const read: Request = { id: "2", method: "resources/read", target: uri, params: JSON.stringify({ uri }) };
    const { requests } = asked(instance.handle(read, contextWith(undefined)));
    expect(requests).toEqual({ "roots-1": { method: "roots/list", params: {} } });
  });

  test("a call that asks nothing keeps no state, and other methods ask nothing", () => {
    const instance = instantiate();
    expect(textOf(instance.handle(toolCall("endless", { times: 0 }), contextWith(undefined)))).toBe("done");
    const complete: Request = { id: "1", method: "completion/complete", target: "letter", params: "{}" };
    expect(instance.handle(complete, contextWith(undefined))).toMatchObject({ tag: "failure" });
  });
});

describe("what a client answers", () => {
  test("a form that does not match is a failure that the model reads", () => {
    const responses = { guest: accepted({ name: "", seats: 12 }) };
    const outcome = instantiate().handle(toolCall("book", { place: "Rome" }), contextWith({ responses }));
    expect(textOf(outcome)).toContain('answer to "Who comes to Rome?" does not match:\nname: ');
  });

  test.each([12345, null, [], {}, { action: "maybe" }, { action: "accept", content: [1] }, { error: "no" }])(
    "%j is no answer",
    (guest) => {
      const outcome = instantiate().handle(
        toolCall("book", { place: "Rome" }),
        contextWith({ responses: { guest } }),
      );
      const message = 'Invalid params: "guest" is no answer to elicitation/create';
      expect(outcome).toEqual({ tag: "failure", val: { code: -32602, message } });
    },
  );

  test.each([null, 7, "text", []])("responses that are %j are none", (responses) => {
    asked(instantiate().handle(toolCall("visit"), contextWith({ responses })));
  });

  test("an error of the client can be caught", () => {
    const error = { code: -1, message: "User rejected sampling request" };
    const outcome = instantiate().handle(
      toolCall("tolerant"),
      contextWith({ responses: { "sample-1": { error } } }),
    );
    expect(textOf(outcome)).toBe(
      "without: -1 The client could not answer sampling/createMessage: User rejected sampling request",
    );
  });
});

describe("what a client lacks", () => {
  test.each<[tool: string, has: object, lacks: object]>([
    ["book", {}, { elicitation: { form: {} } }],
    ["book", { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    ["visit", { elicitation: {} }, { elicitation: { url: {} } }],
    ["tolerant", { elicitation: {} }, { sampling: {} }],
  ])("%s with %j", (tool, capabilities, requiredCapabilities) => {
    const outcome = instantiate().handle(
      toolCall(tool, { place: "Rome" }),
      contextWith(undefined, { client: { capabilities } }),
    );
    const message = `The tool "${tool}" needs a capability that the client does not declare`;
    const data = JSON.stringify({ requiredCapabilities });
    expect(outcome).toEqual({ tag: "failure", val: { code: -32021, message, data } });
  });

  test("a client that names no mode has forms, and one that says nothing is asked", () => {
    const call = toolCall("book", { place: "Rome" });
    asked(
      instantiate().handle(call, contextWith(undefined, { client: { capabilities: { elicitation: {} } } })),
    );
    asked(instantiate().handle(call, contextWith(undefined, { client: undefined })));
  });
});

describe("what must not go on", () => {
  const principal = { issuer: "https://id.example", subject: "ada", scopes: [] };

  test("the state of another caller", () => {
    const instance = instantiate();
    const { state } = asked(instance.handle(toolCall("visit"), contextWith(undefined, { principal })));
    const responses = { "elicit-url-1": { action: "accept" } };
    for (const other of [
      undefined,
      { ...principal, subject: "bob" },
      { ...principal, issuer: "https://b" },
    ]) {
      const outcome = instance.handle(
        toolCall("visit"),
        contextWith({ responses, state }, { principal: other }),
      );
      const message = "Invalid params: the state is of another caller";
      expect(outcome).toEqual({ tag: "failure", val: { code: -32602, message } });
    }
    const own = instance.handle(toolCall("visit"), contextWith({ responses, state }, { principal }));
    expect(textOf(own)).toBe("accept");
  });

  test.each<unknown>([
    "text",
    7,
    [],
    {},
    { version: 2, rounds: [], questions: [], once: [] },
    { version: 1, rounds: [["now", "seed"]], questions: [], once: [] },
    { version: 1, rounds: [], questions: [["key", 1, 2]], once: [] },
    { version: 1, rounds: [], questions: [["key", "elicit", "hash", "first", {}]], once: [] },
    { version: 1, rounds: [], questions: [], once: [7] },
    { version: 1, caller: [1], rounds: [], questions: [], once: [] },
  ])("the state %j", (state) => {
    const outcome = instantiate().handle(toolCall("visit"), contextWith({ state }));
    expect(outcome).toMatchObject({ tag: "failure", val: { code: -32602 } });
  });

  test("a handler that asks something else when it is run again", () => {
    const instance = instantiate();
    const { state } = asked(instance.handle(toolCall("fickle"), contextWith(undefined)));
    const responses = { "elicit-1": accepted({ ok: true }) };
    const outcome = instance.handle(toolCall("fickle"), contextWith({ responses, state }));
    const message = 'The tool "fickle" cannot go on';
    expect(outcome).toEqual({ tag: "failure", val: { code: -32603, message } });
    expect(instance.logs).toMatchObject([
      { level: "error", message: 'The tool "fickle" asked something else when it was run again' },
    ]);
    expect(JSON.parse(instance.logs[0]!.fields!)).toEqual({
      question: "elicit-1",
      ordinal: 1,
      round: 1,
      difference: "its text or schema differs",
    });
  });

  test("what is no form", () => {
    const instance = instantiate();
    expect(textOf(instance.handle(toolCall("wrong"), contextWith(undefined)))).toBe("The tool failed");
    expect(JSON.parse(instance.logs[0]!.fields!)).toMatchObject({
      error:
        'TypeError: Cannot ask for "address" in a form: its members are texts, numbers, booleans, and choices of texts',
    });
  });

  test("questions inside of once", () => {
    const outcome = instantiate().handle(toolCall("inside"), contextWith(undefined));
    const message =
      'The tool "inside" waits for the client inside of once("all"), where nothing can be asked';
    expect(outcome).toEqual({ tag: "failure", val: { code: -32603, message } });
  });

  test("more rounds than 16", () => {
    const instance = instantiate();
    const call = toolCall("endless", { times: 40 });
    let outcome = instance.handle(call, contextWith(undefined));
    for (let round = 1; round <= 16; round++) {
      const { state } = asked(outcome);
      const responses = { [`elicit-${round}`]: accepted({ ok: true }) };
      outcome = instance.handle(call, contextWith({ responses, state }));
    }
    const message = 'The tool "endless" is not done after 16 rounds of questions';
    expect(outcome).toEqual({ tag: "failure", val: { code: -32603, message } });
  });

  test("more questions than 32", () => {
    const responses = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`elicit-${i + 1}`, accepted({ ok: true })]),
    );
    const call = toolCall("endless", { times: 33 });
    const outcome = instantiate().handle(call, contextWith({ responses }));
    const message = 'The tool "endless" asks more than 32 questions';
    expect(outcome).toEqual({ tag: "failure", val: { code: -32603, message } });
  });

  test("a state of more than 24,000 bytes", () => {
    const instance = instantiate();
    const call = toolCall("endless", { times: 2, long: 25_000 });
    const { state } = asked(instance.handle(call, contextWith(undefined)));
    const responses = { "elicit-1": accepted({ ok: true }) };
    const outcome = instance.handle(call, contextWith({ responses, state }));
    expect(outcome).toMatchObject({ tag: "failure", val: { code: -32603 } });
    expect(JSON.stringify(outcome)).toMatch(/The tool \\"endless\\" keeps \d{5} bytes/);
  });
});
