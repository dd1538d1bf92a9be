import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pullComponent, type PulledComponent } from "../../src/oci/index.ts";
import { artifact, REGISTRY_HOST, serving, startFakeInternet, type FakeInternet } from "./hostile.ts";
import { OPENSSL } from "./make-certificate.ts";
import { REFERENCE, refused } from "./refusals.ts";

let internet: FakeInternet;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const BASIC = `Basic ${base64("grace:hopper")}`;

/** Pulls with a Docker configuration, and a program that is called `docker-credential-test`. */
function pullWith(config: object | string, helper?: string): Promise<PulledComponent> {
  const docker = internet.options.env["DOCKER_CONFIG"]!;
  writeFileSync(join(docker, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  if (helper !== undefined) {
    const path = join(docker, "docker-credential-test");
    writeFileSync(path, `#!/bin/sh\n${helper}\n`);
    chmodSync(path, 0o700);
  }
  const env = { ...internet.options.env, PATH: `${docker}:/usr/bin:/bin` };
  return pullComponent(REFERENCE, { ...internet.options, env });
}

const sent = (): (string | undefined)[] => [
  ...new Set(internet.requests.map(({ authorization }) => authorization)),
];

describe.skipIf(OPENSSL.missing !== undefined)("credentials of Docker's configuration", () => {
  beforeAll(async () => {
    internet = await startFakeInternet();
  });
  afterAll(() => internet?.stop());
  beforeEach(() => {
    internet.reset();
    mkdirSync(internet.options.env["DOCKER_CONFIG"]!, { recursive: true });
    internet.answer = (request, response) => {
      if (request.seen.authorization !== undefined) serving(artifact())(request, response);
      else response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    };
  });

  const auth = base64("grace:hopper");
  const found: [string, object, string?][] = [
    ["by the name of the registry", { auths: { [REGISTRY_HOST]: { auth } } }],
    ["by a URL of the registry", { auths: { [`https://${REGISTRY_HOST}/v2/`]: { auth } } }],
    ["in two members", { auths: { [REGISTRY_HOST]: { username: "grace", password: "hopper" } } }],
    [
      "from the helper of the registry",
      { credHelpers: { [REGISTRY_HOST]: "test" } },
      `[ "$1" = get ] && [ "$(cat)" = ${REGISTRY_HOST} ] && echo '{"Username":"grace","Secret":"hopper"}'`,
    ],
    ["from the helper for all", { credsStore: "test" }, `echo '{"Username":"grace","Secret":"hopper"}'`],
    [
      "from the file where the helper has none",
      { credsStore: "test", auths: { [REGISTRY_HOST]: { auth } } },
      "echo credentials not found in native keychain; exit 1",
    ],
  ];
  it.each(found)("are found %s", async (_, config, helper) => {
    await pullWith(config, helper);
    expect(sent()).toEqual([undefined, BASIC]);
  });

  const none: [string, object][] = [
    ["another registry", { auths: { "elsewhere.example": { auth } } }],
    ["a registry that ends like it", { auths: { [`my${REGISTRY_HOST}`]: { auth } } }],
    ["another port of it", { auths: { [`${REGISTRY_HOST}:8443`]: { auth } } }],
    ["it, but empty", { auths: { [REGISTRY_HOST]: {} } }],
  ];
  it.each(none)("are not those of %s", async (_, config) => {
    await refused(internet, () => pullWith(config), "ERR_OCI_AUTH", /there are none for it/);
    expect(sent()).toEqual([undefined]);
  });

  const broken: [string, object | string, RegExp, string?][] = [
    ["a configuration that is not JSON", "{ secret", /it is not JSON$/],
    ["a configuration that is a list", "[]", /not a JSON object/],
    ["a configuration of megabytes", " ".repeat(2_000_000), /cannot be read/],
    [
      "an entry that is no name and password",
      { auths: { [REGISTRY_HOST]: { auth: "!!" } } },
      /not base 64 of "name:password"/,
    ],
    ["a helper with a path for a name", { credsStore: "../../bin/sh" }, /no name of a program/],
    ["a helper with a command for a name", { credsStore: "x; rm -rf ~" }, /no name of a program/],
    ["a helper that is not there", { credsStore: "absent" }, /cannot be run/],
    ["a helper that fails", { credsStore: "test" }, /ended with 3/, "exit 3"],
    ["a helper that prints garbage", { credsStore: "test" }, /is not JSON/, "echo grace hopper"],
    [
      "a helper that prints half of it",
      { credsStore: "test" },
      /no name and secret/,
      `echo '{"Username":"x"}'`,
    ],
    ["a helper that prints without end", { credsStore: "test" }, /more than 65536 characters/, "yes"],
  ];
  it.each(broken)("are not guessed from %s", async (_, config, text, helper) => {
    await refused(internet, () => pullWith(config, helper), "ERR_OCI_AUTH", text);
    expect(sent()).toEqual([undefined]);
  });

  it("that are an identity are exchanged for a token, and sent nowhere else", async () => {
    const bodies: string[] = [];
    internet.answer = (request, response) => {
      const { url, authorization } = request.seen;
      if (url === "/token") {
        request.setEncoding("utf8").on("data", (text: string) => bodies.push(text));
        request.once("end", () => response.end('{"access_token":"abc"}'));
      } else if (authorization === "Bearer abc") serving(artifact())(request, response);
      else
        response
          .writeHead(401, { "www-authenticate": `Bearer realm="https://${REGISTRY_HOST}/token"` })
          .end();
    };
    await pullWith({ auths: { [REGISTRY_HOST]: { identitytoken: "secret-of-ada" } } });
    expect(Object.fromEntries(new URLSearchParams(bodies.join("")))).toEqual({
      grant_type: "refresh_token",
      client_id: "tenon",
      scope: "repository:acme/notes:pull",
      refresh_token: "secret-of-ada",
    });
    expect(sent()).toEqual([undefined, "Bearer abc"]);
  });

  it("are not looked up when nobody asks", async () => {
    internet.answer = serving(artifact());
    await pullWith("{ broken");
    expect(sent()).toEqual([undefined]);
  });
});
