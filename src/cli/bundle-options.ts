import { isAbsolute } from "node:path";
import { BUNDLE_HOSTS, type BundleHost, type BundleInput, type HttpSettings } from "../bundle/index.ts";
import { nearest } from "../errors/index.ts";
import { usageError, type Arguments, type Option } from "./arguments.ts";
import { checkAuthorities } from "./http-edge.ts";

/** Options that say what a bundle is for and how it serves. */
export const BUNDLE_OPTIONS: Readonly<Record<string, Option>> = {
  host: { type: "string" },
  path: { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "allow-origin": { type: "string", multiple: true },
  deadline: { type: "string" },
  "max-body": { type: "string" },
  "state-key": { type: "string" },
  kv: { type: "string" },
  image: { type: "string" },
  "log-endpoint": { type: "string" },
  "rate-counters": { type: "string", multiple: true },
  install: { type: "string" },
};

/**
 * Reads the options of a bundle.
 *
 * @throws ToolkitError `ERR_USAGE` when the host is missing or a value is not what it has to be.
 */
export function readBundleOptions(command: string, values: Arguments["values"]): Omit<BundleInput, "core"> {
  const allowedHosts = values["allow-host"] as string[] | undefined;
  const allowedOrigins = values["allow-origin"] as string[] | undefined;
  checkAuthorities(command, { allowedHosts, allowedOrigins });
  const path = values.path as string | undefined;
  const deadlineMs = wholeNumber(command, "deadline", values);
  const maxBodyBytes = wholeNumber(command, "max-body", values);
  const http: HttpSettings = {
    ...(path !== undefined && { path }),
    ...(allowedHosts && { allowedHosts }),
    ...(allowedOrigins && { allowedOrigins }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(maxBodyBytes !== undefined && { maxBodyBytes }),
  };
  const stateKey = choice(command, "state-key", values, ["environment", "secret-store", "variable"]);
  const kv = choice(command, "kv", values, ["instance"]);
  const image = values.image as string | undefined;
  const logEndpoint = values["log-endpoint"] as string | undefined;
  const rateCounters = values["rate-counters"] as string[] | undefined;
  const folder = values.install as string | undefined;
  if (folder !== undefined && !(isAbsolute(folder) && /^[\w./-]+$/.test(folder))) {
    throw usageError(
      command,
      `"${folder}" is not an absolute path of letters, digits, ".", "_" and "-"`,
      'Write it like "/opt/tools"',
    );
  }
  return {
    host: readHost(command, values.host as string | undefined),
    http,
    ...(stateKey && { stateKey }),
    ...(kv && { kv }),
    ...(image !== undefined && { image }),
    ...(logEndpoint !== undefined && { logEndpoint }),
    ...(rateCounters && { rateCounters }),
    ...(folder !== undefined && { folder }),
  };
}

function readHost(command: string, name: string | undefined): BundleHost {
  const host = BUNDLE_HOSTS.find((each) => each === name);
  if (host !== undefined) return host;
  if (name === undefined) {
    throw usageError(command, "no host is given", `Give "--host" with one of ${BUNDLE_HOSTS.join(", ")}`);
  }
  const suggestion = nearest(name, BUNDLE_HOSTS);
  throw usageError(
    command,
    `there is no host "${name}"`,
    suggestion ? `Did you mean "${suggestion}"?` : `Hosts are ${BUNDLE_HOSTS.join(", ")}`,
  );
}

function choice<const Choice extends string>(
  command: string,
  option: string,
  values: Arguments["values"],
  choices: readonly Choice[],
): Choice | undefined {
  const given = values[option] as string | undefined;
  if (given === undefined) return undefined;
  const chosen = choices.find((each) => each === given);
  if (chosen !== undefined) return chosen;
  // What is given may be a secret, which must not be shown.
  throw usageError(command, `"--${option}" is not what it has to be`, `It is ${choices.join(" or ")}`);
}

function wholeNumber(command: string, option: string, values: Arguments["values"]): number | undefined {
  const text = values[option] as string | undefined;
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(command, `"--${option}" is "${text}"`, "It is a whole number from 1 to 999999999");
}
