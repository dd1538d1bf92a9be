import type { CallResult, Pool } from "tenon/hosts/node";
import { writeManifest, type Grants } from "../../../src/manifest/index.ts";
import { coreManifest, handlerCore } from "./handler-core.ts";

const SERVICES = ["http", "kv", "config", "secrets"] as const;

/**
 * A core that does what its arguments say: `steps` is a list of `[interface, function, ...arguments]`, where `$n` stands
 * for the value of step n, `spin` loops without end, and the result lists what each gave.
 */
const SOURCE = `
${SERVICES.map((name) => `import * as ${name} from "tenon:host/${name}@0.1.0";`).join("\n")}
const services = { ${SERVICES.join(", ")} };
const step = (results, [service, name, ...args]) => {
  if (service === "spin") for (;;);
  const value = (arg) => {
    if (Array.isArray(arg)) return arg.map(value);
    if (typeof arg === "string" && arg.startsWith("$")) return results[Number(arg.slice(1))].ok;
    return arg === null ? undefined : arg;
  };
  try {
    return { ok: services[service][name](...args.map(value)) };
  } catch (error) {
    return { error: error.payload ?? { tag: error.tag, val: error.val, message: String(error.message) } };
  }
};
export const handler = {
  handle(context, request) {
    const results = [];
    for (const each of JSON.parse(request.params).arguments.steps) results.push(step(results, each));
    return { tag: "success", val: JSON.stringify({ content: [], steps: results }, (_, value) =>
      value instanceof Uint8Array ? { bytes: [...value] } : typeof value === "bigint" ? Number(value) : value) };
  },
};`;

/** One step, as the core's source says. */
export type GuestStep = readonly [service: string, name?: string, ...args: unknown[]];
/** What a step gave. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into it
export type StepResult = { ok?: any; error?: any };

let built: Promise<Uint8Array> | undefined;

/** A core that imports every service. */
export async function servicesCore(grants: Grants = {}, name = "fixture"): Promise<Uint8Array> {
  const imports = ["tenon:mcp/outbox@0.1.0", ...SERVICES.map((service) => `tenon:host/${service}@0.1.0`)];
  built ??= handlerCore(SOURCE, { imports });
  return writeManifest(await built, { ...coreManifest(grants), name });
}

/** Runs steps in one call. */
export async function runSteps(
  pool: Pool,
  steps: readonly GuestStep[],
  deadline: number = Date.now() + 20_000,
): Promise<StepResult[]> {
  const result = await callSteps(pool, steps, deadline);
  if (!("outcome" in result) || result.outcome.tag !== "success") {
    throw new Error(`The call gave ${JSON.stringify(result)}`);
  }
  return (JSON.parse(result.outcome.val) as { steps: StepResult[] }).steps;
}

/** The same, whatever comes of it. */
export function callSteps(pool: Pool, steps: readonly GuestStep[], deadline: number): Promise<CallResult> {
  const request = {
    id: "1",
    method: "tools/call",
    target: "echo",
    params: JSON.stringify({ arguments: { steps } }),
  };
  return pool.handle("{}", request, { deadline });
}
