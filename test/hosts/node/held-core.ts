import { loadCore, type HostServices, type LoadedCore } from "tenon/hosts/node";
import type { CoreManifest } from "../../../src/manifest/index.ts";
import { handlerCore } from "./handler-core.ts";

/** Answers at once, with what it is given, with 6 MiB, fails, or asks the host for a value and waits. */
const SOURCE = `
import { get } from "tenon:host/config@0.1.0";
const text = (value) => ({ tag: "success", val: JSON.stringify({ content: [{ type: "text", text: value }] }) });
export const handler = {
  handle(context, request) {
    if (request.target === "large") return text("x".repeat(6 << 20));
    if (request.target === "fail") throw new Error("fails");
    if (request.target === "repeat") return text(request.params);
    return text(request.target === "wait" ? get("key") : "at once");
  },
};`;

/** A core with the tools `wait`, `large`, `repeat`, `fail` and others, which answer at once. */
export async function heldCore(
  cacheDir: string,
  options: { manifest?: Partial<CoreManifest> } = {},
): Promise<LoadedCore> {
  const imports = ["tenon:host/config@0.1.0", "tenon:mcp/outbox@0.1.0"];
  return loadCore(await handlerCore(SOURCE, { imports, ...options }), { cacheDir });
}

/** Services whose `config.get` waits until the test lets it go on. */
export interface Held {
  services: () => HostServices;
  /** Settles once as many calls wait in all. */
  waiting(count: number): Promise<void>;
  /** Answers those that wait, and from now on all. */
  release(): void;
}

export function holdCalls(): Held {
  let asked = 0;
  let released = false;
  const held: (() => void)[] = [];
  const watchers: { count: number; seen: () => void }[] = [];
  const config = (): Promise<string> => {
    asked++;
    for (const { count, seen } of watchers) if (asked >= count) seen();
    if (released) return Promise.resolve("released");
    return new Promise((resolve) => held.push(() => resolve("released")));
  };
  return {
    services: () => ({ config }),
    waiting: (count) =>
      new Promise((seen) => {
        watchers.push({ count, seen });
        if (asked >= count) seen();
      }),
    release() {
      released = true;
      for (const each of held.splice(0)) each();
    },
  };
}
