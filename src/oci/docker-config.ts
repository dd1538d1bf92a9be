import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { RegistryFailure } from "./registry-failure.ts";

/** What a registry, or who makes its tokens, takes for the person that asks. */
export type Credentials =
  | { kind: "basic"; username: string; password: string }
  /** Exchanged for tokens. */
  | { kind: "identity"; token: string }
  /** Sent as it is. */
  | { kind: "bearer"; token: string };

interface DockerAuth {
  auth?: unknown;
  username?: unknown;
  password?: unknown;
  identitytoken?: unknown;
  registrytoken?: unknown;
}

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_HELPER_BYTES = 64 * 1024;
const HELPER_MS = 30_000;
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** What Docker calls its own registry. */
const HUB = "https://index.docker.io/v1/";
const HUB_HOSTS: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/**
 * Looks up what the Docker configuration (`DOCKER_CONFIG`, else `~/.docker`) has for a registry: from the credential helper of that
 * registry, else from that for all, else from the file itself.
 *
 * @throws RegistryFailure `ERR_OCI_AUTH` when the file or what a helper prints is not what it should be.
 */
export async function findCredentials(
  registry: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  const file = join(env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker"), "config.json");
  const config = await readConfig(file);
  if (config === undefined) return undefined;
  const server = HUB_HOSTS.has(registry) ? HUB : registry;
  const helper = member(config["credHelpers"], registry) ?? config["credsStore"];
  if (helper !== undefined && helper !== "") {
    const found = await askHelper(helper, server, env);
    if (found !== undefined) return found;
  }
  return entryOf(config["auths"], registry, server, file);
}

async function readConfig(file: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    if ((await stat(file)).size > MAX_CONFIG_BYTES) throw new RangeError("too large");
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw configFailure(file, "it cannot be read", error);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // The message of the parser would quote the file.
    throw configFailure(file, "it is not JSON");
  }
  if (config === null || typeof config !== "object" || Array.isArray(config)) {
    throw configFailure(file, "it is not a JSON object");
  }
  return config as Record<string, unknown>;
}

function entryOf(auths: unknown, registry: string, server: string, file: string): Credentials | undefined {
  if (auths === null || typeof auths !== "object") return undefined;
  const key = Object.keys(auths).find((name) => name === server || hostOf(name) === registry);
  const entry = key === undefined ? undefined : (auths as Record<string, DockerAuth | null>)[key];
  if (entry === undefined || entry === null) return undefined;
  if (typeof entry.identitytoken === "string" && entry.identitytoken !== "")
    return { kind: "identity", token: entry.identitytoken };
  if (typeof entry.registrytoken === "string" && entry.registrytoken !== "")
    return { kind: "bearer", token: entry.registrytoken };
  if (typeof entry.auth === "string" && entry.auth !== "") {
    const pair = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
    const colon = pair.indexOf(":");
    if (colon < 1) throw configFailure(file, `"auth" of "${registry}" is not base 64 of "name:password"`);
    return { kind: "basic", username: pair.slice(0, colon), password: pair.slice(colon + 1) };
  }
  return typeof entry.username === "string" && typeof entry.password === "string" && entry.username !== ""
    ? { kind: "basic", username: entry.username, password: entry.password }
    : undefined;
}

/** The host of a key such as `https://registry.example/v2/`. */
function hostOf(key: string): string {
  return key
    .replace(/^https?:\/\//, "")
    .split("/", 1)[0]!
    .toLowerCase();
}

function member(value: unknown, key: string): unknown {
  return value !== null && typeof value === "object" && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

/** @see https://github.com/docker/docker-credential-helpers#development */
async function askHelper(
  name: unknown,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials | undefined> {
  if (typeof name !== "string" || !HELPER_NAME.test(name)) {
    throw new RegistryFailure(
      `the Docker configuration names ${JSON.stringify(name)} as a credential helper, which is no name of a program`,
      "ERR_OCI_AUTH",
    );
  }
  const program = `docker-credential-${name}`;
  const { output, code } = await runHelper(program, server, env);
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw new RegistryFailure(`"${program}" ended with ${code}`, "ERR_OCI_AUTH");
  }
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw new RegistryFailure(`what "${program}" printed is not JSON`, "ERR_OCI_AUTH");
  }
  const username = member(answer, "Username");
  const secret = member(answer, "Secret");
  if (typeof username !== "string" || typeof secret !== "string") {
    throw new RegistryFailure(`"${program}" printed no name and secret`, "ERR_OCI_AUTH");
  }
  if (secret === "") return undefined;
  return username === "<token>"
    ? { kind: "identity", token: secret }
    : { kind: "basic", username, password: secret };
}

function runHelper(
  program: string,
  server: string,
  env: NodeJS.ProcessEnv,
): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const fail = (state: string, cause?: unknown): void =>
      reject(new RegistryFailure(`credential helper "${program}" ${state}`, "ERR_OCI_AUTH", { cause }));
    const child = spawn(program, ["get"], { env, stdio: ["pipe", "pipe", "ignore"], windowsHide: true });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`took longer than ${HELPER_MS / 1000} s`);
    }, HELPER_MS);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (output.length <= MAX_HELPER_BYTES) return;
      child.kill("SIGKILL");
      fail(`printed more than ${MAX_HELPER_BYTES} characters`);
    });
    child.once("error", (error) => {
      clearTimeout(timer);
      fail("cannot be run: is it on PATH?", error);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ output, code });
    });
    // A helper that does not read its input has said what it had to.
    child.stdin.on("error", () => undefined).end(`${server}\n`);
  });
}

function configFailure(file: string, state: string, cause?: unknown): RegistryFailure {
  return new RegistryFailure(`Docker configuration "${file}": ${state}`, "ERR_OCI_AUTH", { cause });
}
