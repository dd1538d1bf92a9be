import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect, type ConnectOptions, type ElicitQuestion, type TestClient } from "tenon/test";
import { buildComponent } from "../../src/build/index.ts";
import asking from "../fixtures/components/asking.ts";

// One suite for the definition in this process and for the component it is built into: both run the handler again.

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-asking-"));
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/asking.ts" });
  await writeFile(join(folder, "asking.wasm"), bytes);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const yes = { action: "accept", content: { ok: true } } as const;

describe.each(["definition", "component"])("a client of a %s that answers", (kind) => {
  const clients: TestClient[] = [];

  async function client(options: ConnectOptions = {}): Promise<TestClient> {
    const where = kind === "component" ? { component: join(folder, "asking.wasm") } : {};
    const connected = await connect(asking, { quiet: true, kv: {}, ...where, ...options });
    clients.push(connected);
    return connected;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
  });

  test("is asked in rounds, and what is done once is done once", async () => {
    const asked: ElicitQuestion[] = [];
    const connected = await client({
      clock: 1_900_000_000_000,
      elicit(question) {
        asked.push(question);
        return question.key === "guest" ? { action: "accept", content: { name: "Ada" } } : yes;
      },
      sample: ({ messages }) => `Model: ${JSON.stringify(messages[0]!.content)}`,
    });
    const { structured } = await connected.call("book", { place: "Rome" });
    const note = 'Model: {"type":"text","text":"Greet Ada at Rome."}';
    expect(structured).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      note,
      bookings: 1,
      seenAt: 1_900_000_000_000,
    });
    expect(asked.map(({ key, message, mode }) => [key, message, mode])).toEqual([
      ["guest", "Who comes to Rome?", "form"],
      ["send", `Send "${note}" to Ada?`, "form"],
    ]);
    expect(Object.fromEntries(await connected.kv())).toEqual({
      [`bookings/${(structured as { id: string }).id}`]: "Ada, 1, Rome",
      "bookings/count": "1",
    });
    expect(connected.logs).toEqual([]);
  });

  test("answers several questions of one round", async () => {
    const connected = await client({
      elicit: () => ({ action: "cancel" }),
      sample: () => ({
        role: "assistant",
        content: [
          { type: "text", text: "Hello" },
          { type: "text", text: "there" },
        ],
        model: "m",
      }),
      roots: [{ uri: "file:///work", name: "work" }],
    });
    expect(JSON.parse((await connected.call("together")).text)).toEqual({
      who: { action: "cancel" },
      greeting: "Hello\nthere",
      roots: [{ uri: "file:///work", name: "work" }],
    });
  });

  test("opens URLs, and answers prompts and resources", async () => {
    const connected = await client({
      elicit: (question) =>
        question.mode === "url" && question.url === "https://pay.example/start?id=7"
          ? { action: "accept" }
          : { action: "accept", content: { name: "Ada" } },
      roots: () => [{ uri: "file:///work" }],
    });
    expect((await connected.call("visit")).text).toBe("accept");
    expect((await connected.prompt("letter")).text).toBe("Write to Ada.");
    expect((await connected.read("asking://folder")).text).toBe("file:///work");
  });

  test("finds clock and random numbers as they were", async () => {
    const connected = await client({ elicit: () => yes });
    expect((await connected.call("steady")).text).toBe("[true,true,false]");
  });

  test("is told each thing once", async () => {
    const connected = await client({ elicit: () => yes });
    expect((await connected.call("talkative")).text).toBe("told");
    expect(connected.logs.map(({ message }) => message)).toEqual(["starting", "halfway", "done"]);
    expect(connected.progress.map(({ progress }) => progress)).toEqual([1, 2, 3]);
  });

  test("is asked once the work that runs is done", async () => {
    const connected = await client({ elicit: () => yes });
    expect((await connected.call("patient")).text).toBe("accept worked worked 1");
  });

  test("has what failed done again", async () => {
    const connected = await client({ elicit: () => yes });
    expect((await connected.call("retried")).text).toBe("2,2,");
    expect((await connected.kv()).get("tries")).toBe("2");
  });

  test("answers with an error by an exception", async () => {
    const connected = await client({
      sample() {
        throw new Error("User rejected sampling request");
      },
    });
    expect((await connected.call("tolerant")).text).toBe(
      "without: -1 The client could not answer sampling/createMessage: User rejected sampling request",
    );
  });

  test("learns what does not match its form", async () => {
    const connected = await client({ elicit: () => ({ action: "accept", content: { name: 1 } }) });
    const { isError, text } = await connected.call("book", { place: "Rome" });
    expect(isError).toBe(true);
    expect(text).toMatch(/^The client's answer to "Who comes to Rome\?" does not match:\nname: /);
  });

  test("lacks the capability of what it does not answer", async () => {
    const connected = await client({ elicit: () => yes });
    await expect(connected.call("tolerant")).rejects.toMatchObject({
      code: -32021,
      message: 'The tool "tolerant" needs a capability that the client does not declare',
      data: { requiredCapabilities: { sampling: {} } },
    });
  });

  test("may say itself what it can", async () => {
    const connected = await client({
      elicit: () => yes,
      client: { capabilities: { elicitation: { form: {} } } },
    });
    await expect(connected.call("visit")).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { url: {} } } },
    });
  });

  test("is not asked for ever", async () => {
    let asked = 0;
    const connected = await client({
      elicit() {
        asked += 1;
        return yes;
      },
    });
    await expect(connected.call("endless", { times: 40 })).rejects.toMatchObject({
      code: -32603,
      message: 'The tool "endless" is not done after 16 rounds of questions',
    });
    expect(asked).toBe(16);
  });

  test("is told what cannot go on", async () => {
    const connected = await client({ elicit: () => yes });
    await expect(connected.call("fickle")).rejects.toMatchObject({
      code: -32603,
      message: 'The tool "fickle" cannot go on',
    });
    expect(connected.logs.map(({ message }) => message)).toEqual([
      'The tool "fickle" asked something else when it was run again',
    ]);
    expect((await connected.call("wrong")).text).toBe("The tool failed");
    await expect(connected.call("inside")).rejects.toMatchObject({ code: -32603 });
  });
});
