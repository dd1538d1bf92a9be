import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { changedLists, createChangeHub, listsOf } from "../../../hosts/node/change-hub.ts";
import type { CoreManifest } from "../../../src/manifest/index.ts";
import type { Topic } from "../../../src/protocol/index.ts";
import { coreManifest } from "./handler-core.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout"] }));
afterEach(() => vi.useRealTimers());

const hub = () => createChangeHub({ lists: () => new Set(["tools"] as const) });

describe("createChangeHub()", () => {
  test("tells the first change at once, and what comes in the next 100 ms once each", () => {
    const changes = hub();
    const heard: Topic[] = [];
    const subscription = changes.subscribe((topic) => heard.push(topic));
    subscription.add("tools");
    subscription.add("resource:a://b");
    for (let i = 0; i < 1000; i++) {
      changes.publish("tools");
      changes.publish("resource:a://b");
    }
    expect(heard).toEqual(["tools"]);
    vi.advanceTimersByTime(99);
    expect(heard).toEqual(["tools"]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(["tools", "resource:a://b", "tools"]);
    changes.publish("tools");
    expect(heard).toHaveLength(3);
    vi.advanceTimersByTime(200);
    expect(heard).toHaveLength(4);
    changes.publish("tools");
    expect(heard).toHaveLength(5);
  });

  test("tells nobody of what is no longer subscribed to", () => {
    const changes = hub();
    const heard: Topic[] = [];
    const one = changes.subscribe((topic) => heard.push(topic));
    const other = changes.subscribe((topic) => heard.push(topic));
    one.add("tools");
    other.add("tools");
    one.remove("tools");
    changes.publish("tools");
    changes.publish("tools");
    other.end();
    vi.runAllTimers();
    changes.publish("tools");
    expect(heard).toEqual(["tools"]);
    expect(other.add("tools")).toBe(false);
  });

  test("keeps 256 resources for each, lists besides, and 500 streams of which a peer has 100", () => {
    const changes = hub();
    const subscription = changes.subscribe(() => {});
    for (let i = 0; i < 256; i++) expect(subscription.add(`resource:a://${i}`)).toBe(true);
    expect(subscription.add("resource:a://256")).toBe(false);
    expect(subscription.add("resource:a://0")).toBe(true);
    expect(subscription.add("tools")).toBe(true);
    subscription.remove("resource:a://0");
    expect(subscription.add("resource:a://256")).toBe(true);
    subscription.end();
    const leaves = Array.from({ length: 500 }, (_, i) => changes.enter(`${i % 5}`));
    expect(leaves.every((leave) => leave !== undefined)).toBe(true);
    expect(changes.enter("9")).toBeUndefined();
    leaves[0]!();
    expect(changes.enter("1")).toBeUndefined();
    expect(changes.enter("9")).toBeDefined();
  });
});

/** One of many topics with 2,048 characters. */
function uri(i: number): Topic {
  return `resource:${`a://${i}`.padEnd(2048 - "resource:".length, "x")}`;
}

test("createChangeHub() keeps 16 Mi characters of URIs, of all clients together", () => {
  const changes = hub();
  const full = Array.from({ length: 32 }, () => changes.subscribe(() => {}));
  for (const each of full) for (let i = 0; i < 256; i++) expect(each.add(uri(i))).toBe(true);
  const late = changes.subscribe(() => {});
  expect(late.add(uri(0))).toBe(false);
  expect(late.add("tools")).toBe(true);
  full[0]!.end();
  expect(late.add(uri(0))).toBe(true);
});

const manifest = (changes: Partial<CoreManifest>): CoreManifest => ({ ...coreManifest({}), ...changes });

test("listsOf() names the lists a core has, those it answers itself as well", () => {
  expect([...listsOf(manifest({}))]).toEqual(["tools"]);
  const [provider] = coreManifest({}).providers;
  const providers = [{ ...provider!, dynamic: ["resourceTemplates" as const] }];
  expect([...listsOf(manifest({ tools: [], providers }))]).toEqual(["resources"]);
});

test("changedLists() names the lists that another core may show otherwise", () => {
  const before = { digest: "a", manifest: manifest({}) };
  const tools = [{ name: "other", inputSchema: { type: "object" as const } }];
  expect(changedLists(before, { digest: "b", manifest: manifest({}) })).toEqual([]);
  expect(changedLists(before, { digest: "b", manifest: manifest({ tools }) })).toEqual(["tools"]);
  const [provider] = coreManifest({}).providers;
  const dynamic = manifest({ providers: [{ ...provider!, dynamic: ["prompts"] }] });
  expect(changedLists(before, { digest: "b", manifest: dynamic })).toEqual(["prompts"]);
  expect(changedLists({ digest: "b", manifest: dynamic }, { digest: "b", manifest: dynamic })).toEqual([]);
});
