import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type ConnectOptions, type TestClient } from "tenon/test";
import { buildComponent } from "../../src/build/index.ts";
import longRunning from "../fixtures/components/long-running.ts";

let folder: string;
let component: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenon-test-tasks-"));
  component = join(folder, "long-running.wasm");
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/long-running.ts" });
  await writeFile(component, bytes);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(["definition", "component"])("connect() to a %s with long-running tools", (kind) => {
  function client(options: ConnectOptions = {}): Promise<TestClient> {
    return connect(longRunning, { quiet: true, ...(kind === "component" && { component }), ...options });
  }

  test("a call that becomes a task is answered with its result", async () => {
    const connected = await client();
    expect((await connected.call("count", { n: 2 })).text).toBe("2 run");
    expect(await connected.call("count", { n: -2 })).toMatchObject({ isError: true });
    await connected.close();
  });

  test("questions are played before there is a task, and while it runs", async () => {
    const connected = await client({
      elicit: (asked) => ({
        action: "accept",
        content: asked.message === "Why?" ? { reason: "cake" } : { name: "Eve" },
      }),
    });
    expect((await connected.call("approve")).text).toBe("Eve approved of cake");
    await connected.close();
  });

  test("a client that does not know tasks gets ordinary calls, or none", async () => {
    const connected = await client({ tasks: false });
    expect((await connected.call("count", { n: 2 })).text).toBe("2 at once");
    await expect(connected.call("wait")).rejects.toMatchObject({ code: -32021 });
    await connected.close();
  });
});
