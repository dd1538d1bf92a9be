import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Network, PullOptions } from "../../src/oci/index.ts";
import { makeCertificate } from "./make-certificate.ts";

export const REGISTRY_HOST = "registry.example";
export const SECRET = "correct-horse";
const USER = "ada";

/** A request as some host of the fake internet saw it. */
export interface SeenRequest {
  /** Of the field `host`. */
  host: string;
  method: string;
  url: string;
  authorization: string | undefined;
}

/** Answers for every host there is. */
export type Handler = (request: IncomingMessage & { seen: SeenRequest }, response: ServerResponse) => void;

/** An internet of one machine: each name has an address of its own, and all of them answer as the test has it. */
export interface FakeInternet {
  answer: Handler;
  /** Addresses by name; a name that is not listed has a public one. */
  addresses: Map<string, string>;
  requests: SeenRequest[];
  /** Addresses that were connected to. */
  connected: string[];
  /** With credentials for the registry, and a cache folder of its own. */
  options: Required<Pick<PullOptions, "cacheDir" | "env" | "limits" | "network">>;
  /** Everything that was written, but for the cache and the configuration. */
  strayFiles(): string[];
  /** Files of the cache that are not what their name says. */
  brokenFiles(): string[];
  /** Forgets everything but its port. */
  reset(): void;
  stop(): Promise<void>;
}

const PUBLIC = "93.184.215.14";

/** Starts the fake internet. */
export async function startFakeInternet(): Promise<FakeInternet> {
  const folder = mkdtempSync(join(tmpdir(), "tenon-hostile-"));
  const { pem } = makeCertificate(folder);
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const seen: SeenRequest = {
      host: request.headers.host ?? "",
      method: request.method ?? "",
      url: request.url ?? "",
      authorization: request.headers.authorization,
    };
    internet.requests.push(seen);
    internet.answer(Object.assign(request, { seen }), response);
  };
  const servers = {
    secure: createServer({ cert: pem.certificate, key: pem.key }, serve),
    plain: createHttpServer(serve),
  };
  for (const server of Object.values(servers)) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const portOf = (server: keyof typeof servers): number => (servers[server].address() as AddressInfo).port;
  const network: Network = {
    ca: pem.certificate,
    resolve: async (name) => [{ address: internet.addresses.get(name) ?? PUBLIC, family: 4 }],
    connect: (address, port) => {
      internet.connected.push(address);
      return connect(portOf(port === 443 ? "secure" : "plain"), "127.0.0.1");
    },
  };
  const internet: FakeInternet = {
    answer: nothing,
    addresses: new Map(),
    requests: [],
    connected: [],
    options: { cacheDir: "", env: {}, limits: {}, network },
    strayFiles: () =>
      filesIn(folder).filter((path) => !/^(\d+\/(cache|docker)(\/|$)|certificate|key)/.test(path)),
    brokenFiles: () =>
      filesIn(internet.options.cacheDir).filter((path) => isBroken(internet.options.cacheDir, path)),
    reset() {
      internet.answer = nothing;
      internet.addresses.clear();
      internet.requests.length = 0;
      internet.connected.length = 0;
      internet.options = { network, limits: { attempts: 2 }, ...newFolders(folder) };
    },
    async stop() {
      for (const server of Object.values(servers)) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  internet.reset();
  return internet;
}

const nothing: Handler = (_, response) => void response.writeHead(404).end();

let folders = 0;

function newFolders(root: string): { cacheDir: string; env: NodeJS.ProcessEnv } {
  const folder = join(root, String(folders++));
  const docker = join(folder, "docker");
  mkdirSync(docker, { recursive: true });
  const auth = Buffer.from(`${USER}:${SECRET}`).toString("base64");
  writeFileSync(join(docker, "config.json"), JSON.stringify({ auths: { [REGISTRY_HOST]: { auth } } }));
  return { cacheDir: join(folder, "cache"), env: { DOCKER_CONFIG: docker } };
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => relative(folder, join(folder, path)));
  } catch {
    return [];
  }
}

function isBroken(folder: string, path: string): boolean {
  if (path.startsWith("notes/")) return path.endsWith(".draft");
  const hex = createHash("sha256")
    .update(readFileSync(join(folder, path)))
    .digest("hex");
  return path !== join("blobs", "sha256", hex);
}

/** An artifact in a registry. */
export interface Artifact {
  manifest: Uint8Array;
  layer: Uint8Array;
}

export const COMPONENT: Uint8Array = new TextEncoder().encode(`\0asm ${"a component ".repeat(1000)}`);

/** Digest of bytes, made without the code that is tested. */
export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** What a layer looks like in a manifest. */
export function layerOf(layer: Uint8Array): Record<string, unknown> {
  return { mediaType: "application/wasm", digest: sha256(layer), size: layer.length };
}

/** An artifact as it should be, but for some members of its manifest. */
export function artifact(members: Record<string, unknown> = {}, layer: Uint8Array = COMPONENT): Artifact {
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.wasm.config.v0+json", digest: sha256("{}"), size: 2 },
    layers: [layerOf(layer)],
    ...members,
  };
  return { manifest: new TextEncoder().encode(JSON.stringify(manifest)), layer };
}

/** Answers as a registry that has one artifact, but for what is given. */
export function serving(
  { manifest, layer }: Artifact,
  instead: { manifest?: Handler; blob?: Handler; type?: string } = {},
): Handler {
  return (request, response) => {
    const { url } = request.seen;
    if (url.includes("/manifests/")) {
      if (instead.manifest) return instead.manifest(request, response);
      response.setHeader("content-type", instead.type ?? "application/vnd.oci.image.manifest.v1+json");
      response.end(manifest);
    } else if (url.includes("/blobs/sha256:")) {
      if (instead.blob) return instead.blob(request, response);
      response.setHeader("content-length", layer.length);
      response.end(layer);
    } else nothing(request, response);
  };
}

/** Endless content that comes at once. */
export const endless: Handler = (_, response) => {
  response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json");
  const chunk = Buffer.alloc(64 * 1024, 32);
  const more = (): void => {
    while (response.write(chunk));
    response.once("drain", more);
  };
  more();
};

/** Content that never ends and hardly comes. */
export const dripping: Handler = (_, response) => {
  response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json");
  const timer = setInterval(() => response.write(" "), 10);
  response.once("close", () => clearInterval(timer));
};

/** Answers that what is asked for is elsewhere. */
export const moved =
  (location: string): Handler =>
  (_, response) =>
    void response.writeHead(307, { location }).end();

/** Sends bytes, with a length that may be another than theirs. */
export const sending =
  (bytes: Uint8Array, length: number = bytes.length): Handler =>
  (_, response) =>
    void response.writeHead(200, { "content-length": length }).end(bytes);

/** Sends bytes without saying how many. */
export const chunked =
  (bytes: Uint8Array): Handler =>
  (_, response) => {
    response.write(bytes);
    response.end();
  };
