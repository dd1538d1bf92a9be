import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildHostServices } from "../../../src/bundle/build-parts.ts";
import type { HostModule } from "../../../src/bundle/host-definition.ts";
import { spin } from "../../../src/bundle/hosts/spin.ts";
import { watComponent } from "../../../src/bundle/wat-component.ts";
import { CLOCKS_AND_RANDOM } from "../../fixtures/run-component.ts";
import { transpileComponent, type HostFunctions } from "../../fixtures/transpile-component.ts";
import { KeyValueStore } from "./key-value-store.ts";

interface Page {
  keys: string[];
  next?: string;
}

interface Services {
  "tenon:host/kv@0.1.0": {
    getFeatures: () => object;
    get: (key: string) => { value: string; version: string } | undefined;
    set: (key: string, value: string, ttlSeconds?: number) => void;
    delete: (key: string) => void;
    swap: (key: string, expected: string | undefined, value: string, ttlSeconds?: number) => boolean;
    increment: (key: string, delta: number, ttlSeconds?: number) => number;
    list: (prefix: string, cursor: string | undefined, limit: number) => Page;
  };
  "tenon:host/config@0.1.0": { get: (key: string) => string | undefined };
  "tenon:host/secrets@0.1.0": { get: (name: string) => string };
}

interface Variables {
  "tenon:adapter/environment@0.1.0": { get: (name: string) => string | undefined };
  "tenon:adapter/state-key@0.1.0": { get: () => string | undefined };
}

const GRANTS = {
  http: [],
  kv: ["notes/", "é/"],
  config: [
    { name: "max-age", variable: "TENON_CONFIG_MAX_AGE" },
    { name: "absent", variable: "TENON_CONFIG_ABSENT" },
  ],
  secrets: [
    { name: "KEY", variable: "TENON_SECRET_KEY" },
    { name: "EMPTY", variable: "TENON_SECRET_EMPTY" },
  ],
};

/** Lists nothing; a class as well, since some imports are. */
function none(): never[] {
  return [];
}

/** An interface with all that the engine imports besides, which a bundle shuts: it calls what lists the environment and folders. */
function shut(given: object = {}): object {
  return new Proxy(given, { get: (object, name) => (Reflect.get(object, name) as unknown) ?? none });
}

let instantiate: (imports: HostFunctions) => Services;
let instantiateVariables: (imports: HostFunctions) => Variables;

beforeAll(async () => {
  const bytes = (await buildHostServices(spin, ["config", "kv", "secrets"], GRANTS))!;
  const variables = await watComponent((spin.services.config as HostModule).needs!, spin.wit);
  const lent = await transpileComponent<Services>(bytes);
  instantiate = (imports) =>
    lent.instantiate(Object.fromEntries(lent.imports.map((name) => [name, shut(imports[name])])));
  ({ instantiate: instantiateVariables } = await transpileComponent<Variables>(variables));
}, 120_000);

/** Variables of an application; nothing answers where there are none. */
function variablesOf(values: Record<string, string> | undefined): Variables {
  return instantiateVariables({
    "tenon-wasi:config/store": {
      get(name: string) {
        // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
        if (values === undefined) throw { tag: "upstream", val: "vault is sealed" };
        return values[name];
      },
    },
  });
}

function servicesOf(store: KeyValueStore, values: Record<string, string> = {}): Services {
  const { get } = variablesOf(values)["tenon:adapter/environment@0.1.0"];
  return instantiate({ ...CLOCKS_AND_RANDOM, ...store.functions(), "tenon:adapter/environment": { get } });
}

/** The case of the error that a call ends with. */
function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { payload = error } = error as { payload?: unknown };
    return (payload as { tag: string }).tag;
  }
  return "none";
}

describe("tenon:host/kv on Spin", () => {
  let store: KeyValueStore;
  let kv: Services["tenon:host/kv@0.1.0"];
  /** Of another instance, over the same store. */
  let other: Services["tenon:host/kv@0.1.0"];

  beforeEach(() => {
    store = new KeyValueStore();
    kv = servicesOf(store)["tenon:host/kv@0.1.0"];
    other = servicesOf(store)["tenon:host/kv@0.1.0"];
  });

  function stored(): string[] {
    return [...store.values.keys()].filter((key) => !/^[0-9a-f]+$/.test(key));
  }

  test("keeps values that any instance reads", () => {
    expect(kv.getFeatures()).toEqual({ swap: true, persistent: true, consistency: "eventual" });
    expect(kv.get("notes/a")).toBeUndefined();
    kv.set("notes/a", "1 é\n2");
    expect(other.get("notes/a")).toEqual({
      value: "1 é\n2",
      version: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    kv.set("notes/a", "");
    expect(other.get("notes/a")?.value).toBe("");
    other.delete("notes/a");
    other.delete("notes/a");
    expect(kv.get("notes/a")).toBeUndefined();
    expect(store.values.size).toBe(0);
  });

  test("a value expires, and is absent to all then", () => {
    kv.set("notes/a", "soon", 2);
    store.now += 1999;
    expect(kv.get("notes/a")?.value).toBe("soon");
    store.now += 1;
    expect(kv.get("notes/a")).toBeUndefined();
    expect(kv.list("notes/", undefined, 10)).toEqual({ keys: [], next: undefined });
    expect(kv.swap("notes/a", undefined, "anew")).toBe(true);
    expect(other.get("notes/a")?.value).toBe("anew");
  });

  test("swaps only the state that was read, even when the same value came back", () => {
    expect(kv.swap("notes/a", undefined, "1")).toBe(true);
    expect(kv.swap("notes/a", undefined, "2")).toBe(false);
    const { version } = kv.get("notes/a")!;
    other.set("notes/a", "2");
    other.set("notes/a", "1");
    expect(kv.swap("notes/a", version, "3")).toBe(false);
    expect(kv.swap("notes/a", other.get("notes/a")!.version, "3")).toBe(true);
    expect(kv.swap("notes/b", version, "3")).toBe(false);
  });

  test("a swap fails when another writer comes between", () => {
    kv.set("notes/a", "1");
    const { version } = kv.get("notes/a")!;
    store.beforeSwap = () => other.set("notes/a", "theirs");
    expect(kv.swap("notes/a", version, "mine")).toBe(false);
    expect(kv.get("notes/a")?.value).toBe("theirs");
  });

  test("of two that make a key at once one is first, and the other knows it is not", () => {
    let theirs: boolean | undefined;
    store.beforeSwap = () => {
      theirs = other.swap("notes/a", undefined, "theirs");
    };
    expect(kv.swap("notes/a", undefined, "mine")).toBe(true);
    expect(theirs).toBe(false);
    store.beforeIncrement = () => {
      theirs = other.swap("notes/b", undefined, "theirs");
    };
    expect(kv.swap("notes/b", undefined, "mine")).toBe(false);
    expect(theirs).toBe(true);
    expect([kv.get("notes/a")?.value, kv.get("notes/b")?.value]).toEqual(["mine", "theirs"]);
    expect(stored()).toEqual([]);
  });

  test("a key that takes too long to make is not made", () => {
    store.beforeIncrement = () => {
      store.now += 2000;
    };
    expect(kv.swap("notes/a", undefined, "late")).toBe(false);
    expect(store.values.size).toBe(0);
  });

  test("a claim that an instance left behind when it ended counts for 10 seconds", () => {
    store.now = 1_800_000_009_000;
    store.beforeSwap = () => {
      throw new Error("the instance ends");
    };
    expect(() => kv.set("notes/a", "1")).toThrow("the instance ends");
    expect(other.swap("notes/a", undefined, "2")).toBe(false);
    expect(failure(() => other.set("notes/a", "2"))).toBe("unavailable");
    store.now += 11_000;
    expect(other.swap("notes/a", undefined, "2")).toBe(true);
  });

  test("increments whole numbers, again when another one was first", () => {
    expect(kv.increment("notes/n", 2, 5)).toBe(2);
    store.beforeSwap = () => other.increment("notes/n", 10);
    expect(kv.increment("notes/n", -5, 60)).toBe(7);
    store.now += 5000;
    expect(kv.increment("notes/n", 1)).toBe(1);
    kv.set("notes/n", "text");
    expect(failure(() => kv.increment("notes/n", 1))).toBe("invalid");
    kv.set("notes/n", String(Number.MAX_SAFE_INTEGER));
    expect(failure(() => kv.increment("notes/n", 1))).toBe("invalid");
    expect(failure(() => kv.increment("notes/n", 0.5))).toBe("invalid");
  });

  test("lists keys in pages, in the order of their bytes, and none that others wrote", () => {
    for (const key of ["notes/b", "notes/é", "notes/A", "notes/😀", "é/x"]) kv.set(key, "");
    store.values.set("visits", Buffer.from("3"));
    const first = kv.list("notes/", undefined, 2);
    expect(first.keys).toEqual(["notes/A", "notes/b"]);
    expect(kv.list("notes/", first.next, 2)).toEqual({ keys: ["notes/é", "notes/😀"], next: undefined });
    expect(failure(() => kv.list("notes/", "no cursor", 2))).toBe("invalid");
    expect(failure(() => kv.list("notes/", undefined, 0))).toBe("invalid");
    expect(failure(() => kv.list("notes/", undefined, 1001))).toBe("invalid");
  });

  test("refuses keys and values over its limits, and what no grant covers", () => {
    kv.set(`notes/${"x".repeat(506)}`, "fits");
    expect(failure(() => kv.get(`notes/${"é".repeat(254)}`))).toBe("too-large");
    expect(failure(() => kv.set("notes/a", "x".repeat(1024 * 1024 + 1)))).toBe("too-large");
    expect(failure(() => kv.set("notes/a", "x", 0))).toBe("invalid");
    expect(failure(() => kv.get(""))).toBe("invalid");
    for (const key of ["other", "\0tenon/state", "notes"]) {
      expect(failure(() => kv.get(key))).toBe("denied");
      expect(failure(() => kv.set(key, ""))).toBe("denied");
      expect(failure(() => kv.list(key, undefined, 1))).toBe("denied");
    }
    expect(failure(() => kv.list("", undefined, 1))).toBe("denied");
  });

  test("is unavailable when the store is, or holds what others wrote", () => {
    store.values.set(Buffer.from("notes/a").toString("hex"), Buffer.from("3"));
    expect(failure(() => kv.get("notes/a"))).toBe("unavailable");
    store.answers = false;
    expect(failure(() => kv.get("notes/b"))).toBe("unavailable");
    expect(failure(() => kv.increment("notes/b", 1))).toBe("unavailable");
  });
});

describe("variables of an application on Spin", () => {
  test("config and secrets are variables in lower case; an empty secret is missing", () => {
    const values = { tenon_config_max_age: "5 é", tenon_secret_key: "s3cret", tenon_secret_empty: "" };
    const services = servicesOf(new KeyValueStore(), values);
    const config = services["tenon:host/config@0.1.0"];
    const secrets = services["tenon:host/secrets@0.1.0"];
    expect(config.get("max-age")).toBe("5 é");
    expect(config.get("absent")).toBeUndefined();
    expect(failure(() => config.get("other"))).toBe("denied");
    expect(secrets.get("KEY")).toBe("s3cret");
    expect(failure(() => secrets.get("EMPTY"))).toBe("missing");
    expect(failure(() => secrets.get("OTHER"))).toBe("denied");
  });

  test("the key that seals states is one of them, and no variable of another name is read", () => {
    const key = "5".repeat(64);
    const variables = variablesOf({ tenon_state_key: key, path: "/bin" });
    expect(variables["tenon:adapter/state-key@0.1.0"].get()).toBe(key);
    const { get } = variables["tenon:adapter/environment@0.1.0"];
    for (const name of ["PATH", "path", "tenon_state_key", "TENON", `TENON_${"A".repeat(2000)}`, ""]) {
      expect(get(name)).toBeUndefined();
    }
    expect(variablesOf({})["tenon:adapter/state-key@0.1.0"].get()).toBeUndefined();
  });

  test("a provider that does not answer is not taken for a missing value", () => {
    const { get } = variablesOf(undefined)["tenon:adapter/environment@0.1.0"];
    expect(() => get("TENON_CONFIG_MAX_AGE")).toThrow(/unreachable/);
  });
});
