import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse as parseToml } from "smol-toml";
import type { BundleHost, BundleInput, StateKeyPlace } from "../../src/bundle/index.ts";
import { coreOf } from "../../src/compose/index.ts";
import { connectHttp, connectStdio, type Connection } from "../fixtures/mcp-connection.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startRuntime, type RuntimeProcess } from "../fixtures/runtime-process.ts";
import { TENON } from "../fixtures/tenon.ts";
import { bundleFile, type BundleFile } from "./bundle-file.ts";

/** What a core needs of its host. */
export interface Needs {
  /** Granted keys of the configuration that are set. */
  config?: Readonly<Record<string, string>>;
  /** Granted secrets that are set. */
  secrets?: Readonly<Record<string, string>>;
  /** True for a core that keeps something, where the host can: in each instance alone where it has no store. Default false. */
  kv?: boolean;
  /** True for a core that asks its clients. Default false. */
  asks?: boolean;
  /** Names that the server is reached by, where the host routes by them. Default: any. */
  reachedBy?: readonly string[];
}

/** A server that runs a core. */
export interface Served {
  readonly transport: "http" | "stdio";
  /** The MCP endpoint. Throws on stdio. */
  readonly url: string;
  /** How long a tool may run before the host ends it; nothing where nothing does. */
  readonly limitMs: number | undefined;
  /** The same core on the same host with the shortest limit there is, to be stopped by who asks for it. */
  strict(): Promise<Served>;
  /** Connects a client of a revision, with a credential or without one. On stdio each connection is a process. */
  connect(revision: string, authorization?: string): Promise<Connection>;
  /** Waits until something the host wrote matches. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** All that the host wrote so far. */
  output(): string;
  stop(): Promise<void>;
  /** Ends the host without a warning. `stop` is still to be called. */
  kill(): Promise<void>;
  /** Starts it again, with the same core, after it was killed. */
  restart(): Promise<void>;
}

/** A host that cores run on. */
export interface Host {
  /** As tables name it. */
  name: string;
  transport: "http" | "stdio";
  /** Why it cannot run here; nothing when it can. */
  missing?: string | undefined;
  /** Why it was not run when tables were written, whatever this machine has. */
  notRun?: string;
  /** Starts it with a core. */
  start(core: Uint8Array, needs?: Needs): Promise<Served>;
}

/** The key that seals states, where the host does not make one. */
const STATE_KEY = "5".repeat(64);

const wasmtime = findProgram("wasmtime");
const viceroy = findProgram("viceroy");
const spin = findProgram("spin", { optional: true });

function upper(name: string): string {
  return name.toUpperCase().replaceAll(/[-.]/g, "_");
}

/** Variables as `hosts/node/services/environment.ts` reads them. */
function environment({ config = {}, secrets = {} }: Needs): Record<string, string> {
  return Object.fromEntries([
    ...Object.entries(config).map(([key, value]) => [`TENON_CONFIG_${upper(key)}`, value]),
    ...Object.entries(secrets).map(([name, value]) => [`TENON_SECRET_${upper(name)}`, value]),
  ]) as Record<string, string>;
}

/** A server that listens, by what starts it. */
async function overHttp(
  limitMs: number | undefined,
  start: (limitMs: number | undefined) => Promise<RuntimeProcess>,
  shortestMs: number | undefined = limitMs,
): Promise<Served> {
  let server = await start(limitMs);
  return {
    transport: "http",
    limitMs,
    strict: () => overHttp(shortestMs, start),
    get url() {
      return `${server.origin}/mcp`;
    },
    connect: (revision, authorization) =>
      connectHttp(`${server.origin}/mcp`, revision, authorization === undefined ? {} : { authorization }),
    until: (pattern) => server.until(pattern),
    output: () => server.output(),
    stop: () => server.stop(),
    kill: () => server.kill(),
    async restart() {
      server = await start(limitMs);
    },
  };
}

/** A program that a client starts. */
function overStdio(
  limitMs: number | undefined,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  strict: () => Promise<Served> = async () => overStdio(limitMs, command, env),
): Served {
  const connections = new Set<Connection>();
  const waiting = new Set<() => void>();
  let output = "";
  const ended = async (end: (connection: Connection) => unknown): Promise<void> => {
    await Promise.all([...connections].map(end));
    connections.clear();
  };
  return {
    transport: "stdio",
    limitMs,
    strict,
    get url(): string {
      throw new Error("a server on stdio has no URL");
    },
    async connect(revision, authorization) {
      const connection = await connectStdio(command, revision, {
        env: { ...env, ...(authorization !== undefined && { TENON_AUTHORIZATION: authorization }) },
        onError(text) {
          output += text;
          for (const look of waiting) look();
        },
      });
      connections.add(connection);
      return connection;
    },
    until: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
      }),
    output: () => output,
    stop: () => ended((connection) => connection.kill()),
    kill: () => ended((connection) => connection.kill()),
    restart: async () => {},
  };
}

/** What runs in a runtime of its own, by the core that is inside. */
interface Artifact {
  path: string;
  /** Of a file beside it. */
  beside: (name: string) => string;
}

/** Artifacts take long to make, so each is made once for all that run it. */
const artifacts = new Map<string, WeakMap<Uint8Array, Promise<Artifact>>>();
const files = new Set<BundleFile>();

/** Removes what was written for the hosts of this process. */
export async function removeArtifacts(): Promise<void> {
  await Promise.all([...files].map((file) => file.remove()));
  files.clear();
  artifacts.clear();
}

function artifact(kind: string, core: Uint8Array, make: () => Promise<Artifact>): Promise<Artifact> {
  const made = artifacts.get(kind) ?? new WeakMap<Uint8Array, Promise<Artifact>>();
  artifacts.set(kind, made);
  const found = made.get(core) ?? make();
  made.set(core, found);
  return found;
}

/** A bundle on disk, with the core inside as it is. */
async function bundled(core: Uint8Array, host: BundleHost, needs: Needs): Promise<BundleFile> {
  const file = await bundleFile(core, host, bundleOptions(host, needs));
  files.add(file);
  const inside = coreOf(new Uint8Array(await readFile(file.path)));
  if (inside === undefined || !Buffer.from(core).equals(inside)) {
    throw new Error(`the bundle for ${host} does not hold the core as it is`);
  }
  return file;
}

/** Where the key that seals states is, for hosts that do not make one. */
const STATE_KEYS: Partial<Record<BundleHost, StateKeyPlace>> = {
  fastly: "secret-store",
  spin: "variable",
  wasmtime: "environment",
};

/** Hosts without a store of their own. */
const STORELESS: readonly BundleHost[] = ["stdio", "wasmtime"];

function bundleOptions(host: BundleHost, { asks, kv, reachedBy }: Needs): Omit<BundleInput, "core" | "host"> {
  const stateKey = STATE_KEYS[host];
  return {
    ...(kv === true && STORELESS.includes(host) && { kv: "instance" }),
    ...(asks === true && stateKey !== undefined && { stateKey }),
    // Cases send what every host can take.
    ...(host === "fastly" && {
      http: { maxBodyBytes: 1024 * 1024, ...(reachedBy && { allowedHosts: reachedBy }) },
    }),
  };
}

/** A core on disk. */
function coreFile(core: Uint8Array): Promise<Artifact> {
  return artifact("core", core, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenon-core-"));
    const path = join(folder, "core.wasm");
    await writeFile(path, core);
    const file = {
      path,
      beside: (name: string) => join(folder, name),
      remove: () => rm(folder, { recursive: true }),
    };
    files.add(file);
    return file;
  });
}

/** A bundle that wasmtime has compiled. */
function compiled(core: Uint8Array, host: BundleHost, needs: Needs): Promise<Artifact> {
  return artifact(host, core, async () => {
    const { path, beside } = await bundled(core, host, needs);
    const machineCode = beside("server.cwasm");
    await promisify(execFile)(wasmtime.path!, [
      "compile",
      "-W",
      "epoch-interruption",
      "-o",
      machineCode,
      path,
    ]);
    return { path: machineCode, beside };
  });
}

function serveWasmtime(name: string, ...options: string[]): Host {
  return {
    name,
    transport: "http",
    missing: wasmtime.missing,
    async start(core, needs = {}) {
      const { path } = await compiled(core, "wasmtime", needs);
      const start = (limitMs = LIMIT_MS): Promise<RuntimeProcess> => {
        const limit = ["-W", `timeout=${limitMs}ms`, "--allow-precompiled"];
        const server = ["serve", "--addr", "127.0.0.1:0", ...options, ...limit, ...granted(needs)];
        return startRuntime(wasmtime.path!, [...server, path]);
      };
      return overHttp(LIMIT_MS, start, SHORT_LIMIT_MS);
    },
  };
}

/** Variables for what a core needs. */
function variables(needs: Needs): Record<string, string> {
  return { ...environment(needs), ...(needs.asks && { TENON_STATE_KEY: STATE_KEY }) };
}

/** Options of wasmtime for what a core needs. */
function granted(needs: Needs): string[] {
  const given = Object.entries(variables(needs));
  return ["-S", "cli", ...given.flatMap(([name, value]) => ["--env", `${name}=${value}`])];
}

/** The `fastly.toml` of a bundle with the configuration that its user writes into it. */
function withConfig(toml: string, { config = {} }: Needs): string {
  let text = toml;
  for (const [key, value] of Object.entries(config)) {
    const [name, content] = [JSON.stringify(key), JSON.stringify(value)];
    text = text.replace(`# ${name} = ""`, `${name} = ${content}`);
  }
  return text;
}

/** Variables of Spin for those of an application. It does not start before each has a value, so what is not set is empty. */
function spinVariables(toml: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const { variables: declared = {} } = parseToml(toml) as { variables?: Record<string, object> };
  return Object.fromEntries(
    Object.keys(declared).map((name) => [
      `SPIN_VARIABLE_${name.toUpperCase()}`,
      given[name.toUpperCase()] ?? "",
    ]),
  );
}

const NODE_LIMIT_MS = 10_000;
/** A call on a busy machine takes its time, so a limit has to leave some. */
const LIMIT_MS = 60_000;
const SHORT_LIMIT_MS = 1500;
const SESSION_MS = 3_600_000;

/** Every host, in the order of the tables. */
export const HOSTS: Readonly<Record<string, Host>> = {
  node: {
    name: "Node",
    transport: "http",
    async start(core, needs = {}) {
      const { path } = await coreFile(core);
      const args = [TENON, "serve", path, "--port", "0"];
      return overHttp(NODE_LIMIT_MS, () => startRuntime(process.execPath, args, environment(needs)));
    },
  },
  nodeStdio: {
    name: "Node, stdio",
    transport: "stdio",
    async start(core, needs = {}) {
      const { path } = await coreFile(core);
      return overStdio(
        NODE_LIMIT_MS,
        [process.execPath, TENON, "serve", path, "--stdio"],
        environment(needs),
      );
    },
  },
  wasmtime: serveWasmtime("wasmtime"),
  wasmtimeReuse: serveWasmtime("wasmtime, instances reused", "--max-instance-reuse-count", "1000"),
  stdio: {
    name: "wasmtime run, stdio",
    transport: "stdio",
    missing: wasmtime.missing,
    async start(core, needs = {}) {
      const { path } = await compiled(core, "stdio", needs);
      // The limit is one for the whole session. A credential is in the environment of the client.
      const command = (...limit: string[]): string[] => {
        const options = [
          ...limit,
          "--allow-precompiled",
          "-S",
          "http",
          ...granted(needs),
          "--env",
          "TENON_AUTHORIZATION",
        ];
        return [wasmtime.path!, "run", ...options, path];
      };
      const strict = command("-W", `timeout=${SHORT_LIMIT_MS}ms`);
      const patient = command("-W", `timeout=${SESSION_MS}ms`);
      return overStdio(undefined, patient, {}, async () => overStdio(SHORT_LIMIT_MS, strict, {}));
    },
  },
  fastly: {
    name: "Fastly (Viceroy)",
    transport: "http",
    missing: viceroy.missing,
    async start(core, needs = {}) {
      const { path, beside } = await artifact("fastly", core, () => bundled(core, "fastly", needs));
      const manifest = beside("fastly.toml");
      await writeFile(manifest, withConfig(await readFile(manifest, "utf8"), needs));
      const args = ["serve", "-v", "--addr", "127.0.0.1:0", "-C", manifest, path];
      return overHttp(undefined, () => startRuntime(viceroy.path!, args, variables(needs)));
    },
  },
  spin: {
    name: "Spin",
    transport: "http",
    missing: spin.missing,
    notRun:
      "not run here: `spin` is in no package registry. Its services are tested in memory, and the suite runs on it where it is installed",
    async start(core, needs = {}) {
      const { beside } = await artifact("spin", core, () => bundled(core, "spin", needs));
      const manifest = beside("spin.toml");
      const env = spinVariables(await readFile(manifest, "utf8"), variables(needs));
      const args = ["up", "--from", manifest, "--listen", "127.0.0.1:0"];
      // What listens is a process that `spin up` starts.
      return overHttp(undefined, () => startRuntime(spin.path!, args, env, { ownGroup: true }));
    },
  },
};
