import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { readSettings, withDefaults } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { readManifest, type CoreManifest, type MiddlewareManifest } from "../manifest/index.ts";
import { packageFile } from "../package/index.ts";
import type { BundleInput } from "./bundle.ts";
import type { HostDefinition, Refusal } from "./host-definition.ts";
import type { JoinedGrants } from "./joined-grants.ts";
import { throwFirst } from "./refuse.ts";

/** Budgets of one `rate-limit` that a rate counter of the host keeps. */
export interface CountedBudgets {
  /** What their keys start with. */
  prefix: string;
  /** What may be spent in a window. */
  limit: number;
  /** 10 to 60 in tens. */
  windowSeconds: number;
  /** What may be spent at once, at most `limit`. */
  burst: number;
  /** The least a request costs that costs anything: a whole number. */
  leastCost: number;
  /** The most a request costs, at most `burst`. */
  mostCost: number;
}

/** What rate counters look back on, in seconds. */
const WINDOWS = [10, 20, 30, 40, 50, 60];
/** A counter has entries of 256 bytes and counts 1,000 at once; a digest is the rest of the key. */
const MAX_PREFIX_BYTES = 256 - 64;
const MAX_COST = 1000;

/** `rate-limit`, whose keys and values the services of a host know. */
interface RateLimit {
  manifest: MiddlewareManifest;
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string;
}

/** The keys of a core that no rate counter keeps. */
export function uncountedKeys({ kv }: JoinedGrants, rateCounters: readonly string[] = []): string[] {
  return kv.filter((granted) => !rateCounters.some((prefix) => granted.startsWith(prefix)));
}

/**
 * Checks that a host has rate counters, where some are asked for.
 *
 * @throws ToolkitError `ERR_CONFIG` when it has none.
 */
export function checkRateCounters(
  host: HostDefinition,
  { host: name, rateCounters = [] }: BundleInput,
): void {
  const [prefix] = rateCounters;
  if (prefix === undefined || host.rateCounters !== undefined) return;
  throw new ToolkitError(
    `Cannot bundle for ${name} with rate counters for ${JSON.stringify(prefix)}: ${name} has none`,
    { code: "ERR_CONFIG", hint: "Leave them out: budgets are kept in the store of keys" },
  );
}

/**
 * The budgets that are to be kept by rate counters, with what the settings of each `rate-limit` say of them.
 *
 * @param core Admitted: its bytes prove the manifest.
 * @throws ToolkitError `ERR_HOST_CORE` with every reason why a counter cannot keep them, and the ways out.
 */
export async function countedBudgets(
  core: Uint8Array,
  manifest: CoreManifest,
  { host, rateCounters = [] }: BundleInput,
): Promise<CountedBudgets[]> {
  if (rateCounters.length === 0) return [];
  const rateLimit = await readRateLimit();
  const known = manifest.middleware.filter(({ digest }) => digest === rateLimit.digest);
  const parts = await Promise.all(
    known.map(async (part) => {
      const given = await readSettings(core, part.as);
      const settings = withDefaults(rateLimit.manifest.settingsSchema, given);
      const limits = (settings["limits"] ?? [settings]) as unknown as Limit[];
      return { part, prefix: settings["keyPrefix"] as string, limits };
    }),
  );
  const refusals: Refusal[] = [];
  const budgets = [...new Set(rateCounters)].flatMap((prefix) => {
    const limiting = parts.find((each) => each.prefix === prefix);
    if (limiting === undefined) {
      refusals.push(noRateLimit(prefix, parts));
      return [];
    }
    const found = [...refuseSharing(limiting, parts, manifest), ...refuseSettings(limiting)];
    refusals.push(...found);
    return found.length > 0 ? [] : [budgetsOf(limiting)];
  });
  throwFirst(manifest, host, refusals);
  return budgets;
}

async function readRateLimit(): Promise<RateLimit> {
  const bytes = await readFile(packageFile("dist", "components", "rate-limit.wasm"));
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { manifest: readManifest(bytes) as MiddlewareManifest, digest };
}

/** A `rate-limit` of the core. */
interface Limiting {
  part: CoreManifest["middleware"][number];
  /** Its `keyPrefix`. */
  prefix: string;
  /** At least one. */
  limits: Limit[];
}

/** A limit as the settings have it. */
interface Limit {
  limit: number;
  windowMs: number;
  burst?: number;
  cost?: number | { tools: Record<string, number>; default?: number };
}

function noRateLimit(prefix: string, parts: readonly Limiting[]): Refusal {
  const prefixes = parts.map((each) => JSON.stringify(each.prefix));
  return {
    reason: `no rate-limit keeps keys under ${JSON.stringify(prefix)}`,
    hint:
      prefixes.length > 0
        ? `Name a "keyPrefix" that there is: ${[...new Set(prefixes)].join(", ")}`
        : 'Use the "rate-limit" that comes with this version of tenon, or leave rate counters out',
  };
}

/** A key does not say whose it is: what a counter keeps under a prefix has to be of one limit. */
function refuseSharing(
  { part: own, prefix }: Limiting,
  parts: readonly Limiting[],
  { middleware, providers }: CoreManifest,
): Refusal[] {
  const sharing = [...middleware, ...providers].filter(({ as, grants }) => {
    if (as === own.as) return false;
    // What keeps to a prefix of its own may be granted more.
    const limiting = parts.find(({ part }) => part.as === as);
    const prefixes = limiting === undefined ? (grants?.kv ?? []) : [limiting.prefix];
    return prefixes.some((each) => each.startsWith(prefix) || prefix.startsWith(each));
  });
  if (sharing.length === 0) return [];
  const names = sharing.map(({ as }) => `"${as}"`).join(", ");
  return [
    {
      reason: `${names} may use keys under ${JSON.stringify(prefix)}, as "${own.as}" does, and a counter cannot tell them apart`,
      hint: "Give each a prefix of its own",
    },
  ];
}

function refuseSettings(limiting: Limiting): Refusal[] {
  const { part, prefix, limits } = limiting;
  const { as } = part;
  const refusals: Refusal[] = [];
  const refuse = (reason: string, hint: string): number => refusals.push({ reason, hint });
  if (Buffer.byteLength(prefix) > MAX_PREFIX_BYTES) {
    refuse(
      `${JSON.stringify(prefix)} has more than ${MAX_PREFIX_BYTES} bytes, and keys under it would be too long for a counter`,
      'Choose a shorter "keyPrefix"',
    );
  }
  if (limits.length > 1) {
    refuse(
      `"${as}" has ${limits.length} limits under ${JSON.stringify(prefix)}, and a key does not say which is meant`,
      'Use a "rate-limit" with a "keyPrefix" of its own for each',
    );
    return refusals;
  }
  const { limit, windowSeconds, burst, leastCost, mostCost } = budgetsOf(limiting);
  if (!WINDOWS.includes(windowSeconds)) {
    refuse(
      `the window of "${as}" is ${windowSeconds * 1000} ms, and counters know 10, 20, 30, 40, 50 and 60 seconds`,
      'Choose one of these as "windowMs", or leave rate counters out',
    );
  }
  if (burst > limit) {
    refuse(
      `the "burst" of "${as}" is over its "limit", and a counter forgets what was spent before its window`,
      'Leave "burst" out, or make "limit" and "windowMs" larger',
    );
  }
  if (burst < limit && windowSeconds === WINDOWS[0]) {
    refuse(
      `the "burst" of "${as}" is below its "limit", and counters know no window shorter than 10 seconds`,
      'Leave "burst" out, or choose a longer window',
    );
  }
  if (
    !costsOf(limits[0]!).every(Number.isInteger) ||
    mostCost > Math.min(burst, MAX_COST) ||
    leastCost === Infinity
  ) {
    refuse(
      `a counter cannot count every "cost" of "${as}"`,
      `Choose whole numbers, none over "burst" (by default "limit") or ${MAX_COST}, and not all 0`,
    );
  }
  return refusals;
}

function costsOf({ cost = 1 }: Limit): number[] {
  return typeof cost === "number" ? [cost] : [cost.default ?? 1, ...Object.values(cost.tools)];
}

function budgetsOf({ prefix, limits }: Limiting): CountedBudgets {
  const { limit, windowMs, burst = limit } = limits[0]!;
  const costs = costsOf(limits[0]!);
  return {
    prefix,
    limit,
    windowSeconds: windowMs / 1000,
    burst,
    leastCost: Math.min(...costs.filter((each) => each > 0)),
    mostCost: Math.max(...costs),
  };
}
