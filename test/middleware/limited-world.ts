import { readFile } from "node:fs/promises";
import type { Outcome } from "tenon";
import {
  compileComponent,
  CONTEXT,
  type CompiledComponent,
  type Instance,
} from "../fixtures/compiled-component.ts";

const TOOLS = new Set(["add", "search"]);
/** What the rest of the chain answers. */
export const PASSED: Outcome = { tag: "success", val: "{}" };
/** Milliseconds. */
export const SECOND = 1000;

/** What several instances share: a store, a clock and an audit log. */
export class World {
  readonly #rateLimit: CompiledComponent;
  now = 1_700_000_000_000;
  readonly entries = new Map<string, { value: string; version: string; ttlSeconds: number | undefined }>();
  readonly facts: unknown[] = [];
  features = { swap: true, persistent: true, consistency: "strong" };
  /** Operations on the store, such as `get`. */
  operations: string[] = [];
  /** Set to have the store fail. */
  failure: { tag: string; val: string } | undefined;
  /** Called before each swap. */
  beforeSwap: (key: string) => void = () => {};
  #written = 0;

  constructor(rateLimit: CompiledComponent) {
    this.#rateLimit = rateLimit;
  }

  #write(key: string, value: string, ttlSeconds: number | undefined): void {
    this.entries.set(key, { value, version: `v${++this.#written}`, ttlSeconds });
  }

  #operation(name: string): void {
    this.operations.push(name);
    if (this.failure) throw this.failure;
  }

  /** Another writer, who spends from the budget of a key. */
  push(key: string, ms: number): void {
    const value = Number(this.entries.get(key)?.value ?? this.now) + ms;
    this.#write(key, String(value), 1);
  }

  start(settings: object): Instance {
    return this.#rateLimit.instantiate({
      next: () => PASSED,
      settings,
      host: () => ({
        "wasi:clocks/wall-clock": {
          now: () => ({
            seconds: BigInt(Math.floor(this.now / 1000)),
            nanoseconds: (this.now % 1000) * 1e6,
          }),
        },
        "tenon:mcp/audit": { record: (facts: string) => this.facts.push(JSON.parse(facts)) },
        "tenon:mcp/catalog": {
          get: (kind: string, name: string) => (kind === "tool" && TOOLS.has(name) ? "{}" : undefined),
        },
        "tenon:host/kv": {
          getFeatures: () => this.features,
          get: (key: string) => {
            this.#operation("get");
            return this.entries.get(key);
          },
          set: (key: string, value: string, ttlSeconds?: number) => {
            this.#operation("set");
            this.#write(key, value, ttlSeconds);
          },
          swap: (key: string, expected: string | undefined, value: string, ttlSeconds?: number) => {
            this.#operation("swap");
            this.beforeSwap(key);
            if (this.entries.get(key)?.version !== expected) return false;
            this.#write(key, value, ttlSeconds);
            return true;
          },
        },
      }),
    });
  }
}

function context(members: object): string {
  return JSON.stringify({ ...(JSON.parse(CONTEXT) as object), ...members });
}

/** A caller. */
export const ALICE = { subject: "alice", issuer: "https://id.example", scopes: [] };

/** Calls a tool, in a context with these members. */
export function call(instance: Instance, tool = "add", members: object = {}): Outcome {
  return instance.handle({ id: "1", method: "tools/call", target: tool, params: "{}" }, context(members));
}

/** How many of so many calls at this moment are let through. */
export function admitted(instance: Instance, count: number, tool?: string, members?: object): number {
  return Array.from({ length: count }, () => call(instance, tool, members)).filter(
    ({ tag }) => tag === "success",
  ).length;
}

/** The component, compiled. */
export async function compileRateLimit(): Promise<CompiledComponent> {
  return compileComponent(await readFile("dist/components/rate-limit.wasm"));
}
