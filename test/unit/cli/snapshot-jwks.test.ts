import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { snapshotJwks } from "../../../src/cli/snapshot-jwks.ts";
import type { Project } from "../../../src/project/index.ts";

const KEY = {
  kty: "OKP",
  crv: "Ed25519",
  alg: "EdDSA",
  kid: "a",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
};

let server: Server | undefined;
afterEach(() => server?.close());

async function issuer(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
}

function project(jwksUri: string): Project {
  return {
    path: "/p/tenon.json",
    folder: "/p",
    providers: [],
    middleware: [
      { as: "log", reference: "access-log", at: [] },
      { as: "jwt", reference: "auth-jwt", at: [], settings: { issuer: "https://id.example", jwksUri } },
    ],
    file: {
      name: "p",
      version: "1.0.0",
      access: "authenticated",
      providers: {},
      grants: { jwt: { http: [{ origin: "https://id.example" }], kv: ["jwt/"] }, log: { config: ["A"] } },
    },
    describe: () => [],
  };
}

test("the keys of an issuer replace their URL, and the grants that fetched them go", async () => {
  const set = { keys: [KEY, { ...KEY, kid: "b", use: "enc" }, 7] };
  const uri = await issuer((_, response) => response.end(JSON.stringify(set)));
  const { project: changed, warnings } = await snapshotJwks(project(uri));
  expect(changed.middleware[1]!.settings).toEqual({ issuer: "https://id.example", jwks: { keys: [KEY] } });
  expect(changed.middleware[0]).toEqual({ as: "log", reference: "access-log", at: [] });
  expect(changed.file.grants).toEqual({ log: { config: ["A"] } });
  expect(warnings).toEqual([
    `"jwt" has the keys (1) that ${uri} has now, and no grant to fetch others: compose again before the issuer signs with a new one`,
  ]);
});

test.each<[string, RequestListener, RegExp]>([
  ["an error", (_, response) => response.writeHead(503).end(), /: it answers with status 503$/],
  [
    "another place",
    (_, response) => response.writeHead(302, { location: "https://evil.example" }).end(),
    /: it cannot be fetched, or not in time$/,
  ],
  ["what is no JSON", (_, response) => response.end("<html>"), /: it has no set of signature keys$/],
  ["no keys", (_, response) => response.end('{"keys":[]}'), /: it has no set of signature keys$/],
  [
    "more than a set has",
    (_, response) => response.end(" ".repeat(70_000)),
    /: it has more than 65536 bytes$/,
  ],
])("an issuer that answers with %s is refused", async (_, listener, message) => {
  const uri = await issuer(listener);
  await expect(snapshotJwks(project(uri))).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: expect.stringMatching(message) as string,
  });
});

test.each(["http://id.example/keys", "file:///etc/passwd", "nonsense"])("%s is not asked", async (uri) => {
  await expect(snapshotJwks(project(uri))).rejects.toThrow(
    `Cannot take a snapshot of the keys at "${uri}": it is no https URL`,
  );
});

test("a server without such a setting is refused", async () => {
  const { middleware, ...rest } = project("https://id.example/keys");
  await expect(snapshotJwks({ ...rest, middleware: middleware.slice(0, 1) })).rejects.toThrow(
    'Cannot take a snapshot of keys: no middleware has a setting "jwksUri"',
  );
});
