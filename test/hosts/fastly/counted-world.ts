import { compose, type ComposeInput } from "../../../src/compose/index.ts";
import { buildHostServices } from "../../../src/bundle/build-parts.ts";
import { fastly } from "../../../src/bundle/hosts/fastly.ts";
import { joinedGrants } from "../../../src/bundle/joined-grants.ts";
import { countedBudgets } from "../../../src/bundle/rate-counters.ts";
import {
  compileComponent,
  withRefusals,
  type CompiledComponent,
  type Instance,
} from "../../fixtures/compiled-component.ts";
import { authenticating, oneToolProvider } from "../../fixtures/chain-parts.ts";
import { transpileComponent, type TranspiledComponent } from "../../fixtures/transpile-component.ts";
import { PASSED } from "../../middleware/limited-world.ts";
import { ready } from "./serve.ts";

/** `tenon:host/kv` of a component. */
export interface Kv {
  getFeatures: () => object;
  get: (key: string) => { value: string; version: string } | undefined;
  set: (key: string, value: string, ttlSeconds?: number) => void;
  delete: (key: string) => void;
  swap: (key: string, expected: string | undefined, value: string, ttlSeconds?: number) => boolean;
  increment: (key: string, delta: number, ttlSeconds?: number) => number;
  list: (prefix: string, cursor: string | undefined, limit: number) => object;
}

/** A core of `rate-limit`s behind authentication, by name with the settings of each. Each is granted its keys, unless `grants` differ. */
export async function limitedCore(
  limits: Record<string, object>,
  grants: ComposeInput["grants"] = {},
): ReturnType<typeof compose> {
  const bytes = await ready("rate-limit");
  const links = Object.entries(limits).map(([as, settings]) => ({ as, bytes, settings: settings as never }));
  return compose({
    name: "acme",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "weather", bytes: await oneToolProvider() }],
    middleware: [{ as: "auth", bytes: await authenticating() }, ...links],
    grants: { ...Object.fromEntries(links.map(({ as }) => [as, { kv: ["limits/"] }])), ...grants },
  });
}

/**
 * Rate counters as Fastly describes them: a window reaches back a whole number of seconds, the last one begun, entries have at most
 * 256 bytes, and at most 1,000 is counted at once.
 *
 * @see https://www.fastly.com/documentation/reference/vcl/declarations/ratecounter/
 */
export class CountingWorld {
  readonly #rateLimit: CompiledComponent;
  readonly #services: TranspiledComponent<{ "tenon:host/kv@0.1.0": Kv }>;
  readonly #settings: object;
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  readonly counted: { entry: string; delta: number; at: number }[] = [];
  /** Names of the counters that were opened. */
  readonly opened: string[] = [];
  isBroken = false;
  /** What passes with each look at the clock, in milliseconds. */
  tickMs = 0;

  private constructor(
    rateLimit: CompiledComponent,
    services: TranspiledComponent<{ "tenon:host/kv@0.1.0": Kv }>,
    settings: object,
  ) {
    this.#rateLimit = rateLimit;
    this.#services = services;
    this.#settings = settings;
  }

  /** The service that a bundle has for a core with one `rate-limit`, and that `rate-limit`. */
  static async of(settings: object): Promise<CountingWorld> {
    const { bytes, manifest } = await limitedCore({ limit: settings });
    const budgets = await countedBudgets(bytes, manifest, {
      core: bytes,
      host: "fastly",
      rateCounters: ["limits/"],
    });
    const host = fastly.rateCounters!(budgets, false);
    const services = await buildHostServices(host, ["kv"], joinedGrants(manifest));
    return new CountingWorld(
      await compileComponent(await ready("rate-limit")),
      await transpileComponent(services!),
      settings,
    );
  }

  /** A new instance of the service. */
  kv(): Kv {
    const { counted, opened } = this;
    const time = (): number => this.now;
    const answer = (valid: boolean): void => {
      if (this.isBroken || !valid)
        throw Object.assign(new Error("broken"), {
          payload: { tag: valid ? "generic-error" : "invalid-argument" },
        });
    };
    class RateCounter {
      static open(name: string): RateCounter {
        opened.push(name);
        return new RateCounter();
      }
      increment(entry: string, delta: number): void {
        answer(Buffer.byteLength(entry) <= 256 && delta <= 1000);
        counted.push({ entry, delta, at: time() });
      }
      lookupCount(entry: string, seconds: number): number {
        answer([10, 20, 30, 40, 50, 60].includes(seconds));
        const from = (Math.floor(time() / 1000) - seconds + 1) * 1000;
        return counted
          .filter((each) => each.entry === entry && each.at >= from)
          .reduce((sum, { delta }) => sum + delta, 0);
      }
    }
    const provided: Record<string, object> = {
      "fastly:compute/erl": { RateCounter },
      "wasi:clocks/wall-clock": { now: () => this.#wallClock() },
    };
    const imports = Object.fromEntries(
      this.#services.imports.map((name) => [name, withRefusals(name, provided[name] ?? {})]),
    );
    return this.#services.instantiate(imports)["tenon:host/kv@0.1.0"];
  }

  /** A new instance of the middleware, with an instance of the service to itself, as each request has. */
  start(): Instance {
    const kv = this.kv();
    return this.#rateLimit.instantiate({
      next: () => PASSED,
      settings: this.#settings,
      host: () => ({
        "tenon:host/kv": kv,
        "wasi:clocks/wall-clock": { now: () => this.#wallClock() },
        "tenon:mcp/audit": { record: () => {} },
        "tenon:mcp/catalog": { get: (kind: string) => (kind === "tool" ? "{}" : undefined) },
      }),
    });
  }

  #wallClock(): { seconds: bigint; nanoseconds: number } {
    this.now += this.tickMs;
    return { seconds: BigInt(Math.floor(this.now / 1000)), nanoseconds: (this.now % 1000) * 1e6 };
  }
}
