import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pullComponent } from "../../src/oci/index.ts";
import {
  artifact,
  endless,
  REGISTRY_HOST,
  SECRET,
  serving,
  startFakeInternet,
  type FakeInternet,
  type Handler,
  type SeenRequest,
} from "./hostile.ts";
import { OPENSSL } from "./make-certificate.ts";
import { nothingLeft, pull, REFERENCE, refused } from "./refusals.ts";

let internet: FakeInternet;

/** Asks for a token by a challenge, and has what makes tokens answer. */
const asking =
  (challenge: string, token: Handler): Handler =>
  (request, response) => {
    const { url, authorization } = request.seen;
    if (url.startsWith("/token")) token(request, response);
    else if (authorization?.startsWith("Bearer ")) serving(artifact())(request, response);
    else response.writeHead(401, { "www-authenticate": challenge }).end();
  };

const realm = (url: string): string =>
  `Bearer realm="${url}",service="registry",scope="repository:acme/other:pull,push"`;
const OWN = realm(`https://${REGISTRY_HOST}/token`);

const giving =
  (value: unknown): Handler =>
  (_, response) =>
    void response.end(typeof value === "string" ? value : JSON.stringify(value));

const secretsAt = (requests: readonly SeenRequest[]): string[] =>
  requests
    .filter(({ authorization }) => authorization?.includes(Buffer.from(`ada:${SECRET}`).toString("base64")))
    .map(({ host, url }) => `${host}${url}`);

const withoutCredentials = (): Promise<unknown> =>
  pullComponent(REFERENCE, { ...internet.options, env: { DOCKER_CONFIG: "/nowhere" } });

const busy =
  (status: number, headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    void response
      .writeHead(status, headers)
      .end(JSON.stringify({ errors: [{ code: "BUSY", message: "\u001b[31mcome\nback" }] }));

describe.skipIf(OPENSSL.missing !== undefined)("a hostile registry that asks for a token", () => {
  beforeAll(async () => {
    internet = await startFakeInternet();
  });
  afterAll(() => internet?.stop());
  beforeEach(() => internet.reset());

  it("of its own gets the credentials, and asks for no more than the repository, whatever scope it names", async () => {
    internet.answer = asking(OWN, giving({ token: "abc" }));
    expect((await pull(internet)).fromCache).toBe(false);
    const path = "/token?service=registry&scope=repository%3Aacme%2Fnotes%3Apull";
    expect(secretsAt(internet.requests)).toEqual([`${REGISTRY_HOST}${path}`]);
    nothingLeft(internet);
  });

  it("from a host that the person named gets it there", async () => {
    internet.answer = asking(realm("https://auth.example/token"), giving({ access_token: "abc" }));
    await pullComponent(REFERENCE, { ...internet.options, authRealms: ["auth.example"] });
    expect(secretsAt(internet.requests)).toEqual([expect.stringMatching(/^auth\.example\/token/)]);
    nothingLeft(internet, [REGISTRY_HOST, "auth.example"]);
  });

  const realms: [string, string, RegExp][] = [
    [
      "from another host",
      "https://elsewhere.example/token",
      /the credentials for "registry.example" sent to "elsewhere.example"/,
    ],
    [
      "from another port of its own",
      `https://${REGISTRY_HOST}:8443/token`,
      /sent to "registry.example:8443"/,
    ],
    ["from a host that starts like it", `https://${REGISTRY_HOST}.elsewhere.example/token`, /sent to/],
    ["from Docker's", "https://auth.docker.io/token", /sent to "auth.docker.io"/],
    ["by http", `http://${REGISTRY_HOST}/token`, /http:\/\/registry.example, which is not https/],
    ["from this machine by http", "http://127.0.0.1:8080/token", /which is not https/],
    ["from a file", "file:///etc/passwd", /which is not https/],
    ["from a URL with a password", `https://a:b@${REGISTRY_HOST}/token`, /credentials of its own/],
    ["from nowhere", "", /names no URL/],
    ["from something that is no URL", "https://", /names no URL/],
  ];
  it.each(realms)("%s", async (_, url, text) => {
    internet.answer = asking(realm(url), giving({ token: "abc" }));
    await refused(internet, () => pull(internet), "ERR_OCI_AUTH", text);
    expect(internet.requests).toHaveLength(1);
    expect(secretsAt(internet.requests)).toEqual([]);
  });

  it("from a private address of somebody without credentials", async () => {
    internet.addresses.set("inside.example", "10.1.2.3");
    internet.answer = asking(realm("https://inside.example/token"), giving({ token: "abc" }));
    await refused(internet, withoutCredentials, "ERR_OCI_REFUSED", /may not lead to: private/);
    expect(new Set(internet.connected)).toEqual(new Set(["93.184.215.14"]));
  });

  it("from another host of somebody without credentials: it gets an anonymous one", async () => {
    internet.answer = asking(realm("https://auth.example/token"), giving({ token: "abc" }));
    await withoutCredentials();
    expect(internet.requests.find(({ host }) => host === "auth.example")?.authorization).toBeUndefined();
    nothingLeft(internet);
  });

  const tokens: [string, Handler, RegExp][] = [
    ["with a line break", giving({ token: "abc\r\nx-evil: 1" }), /given for a token is none/],
    ["of 20,000 characters", giving({ token: "a".repeat(20_000) }), /more than 16384 characters/],
    ["that is no text", giving({ token: { a: 1 } }), /given for a token is none/],
    ["that is missing", giving({}), /given for a token is none/],
    ["that is empty", giving({ token: "" }), /given for a token is none/],
    ["in garbage", giving("<html>"), /given for a token is none/],
    ["in null", giving("null"), /given for a token is none/],
    [
      "elsewhere, by a redirect",
      (_, response) => void response.writeHead(302, { location: "https://elsewhere.example/" }).end(),
      /gives no token: status 302/,
    ],
    ["to nobody", (_, response) => void response.writeHead(401).end(), /does not accept the credentials/],
  ];
  it.each(tokens)("and gives one %s", async (_, token, text) => {
    internet.answer = asking(OWN, token);
    await refused(internet, () => pull(internet), "ERR_OCI_AUTH", text);
    expect(new Set(internet.requests.map(({ host }) => host))).toEqual(new Set([REGISTRY_HOST]));
  });

  it("and never ends to give one", async () => {
    internet.answer = asking(OWN, endless);
    await refused(internet, () => pull(internet), "ERR_OCI_CONTENT", /more than 65536 bytes/);
  });

  it("again and again, whatever it gets", async () => {
    internet.answer = (request, response) => {
      if (request.seen.url.startsWith("/token")) giving({ token: "abc" })(request, response);
      else response.writeHead(401, { "www-authenticate": OWN }).end();
    };
    await refused(internet, () => pull(internet), "ERR_OCI_AUTH", /does not allow it/);
    expect(internet.requests).toHaveLength(3);
  });

  const challenges: [string, string, RegExp][] = [
    ["by a scheme that nobody knows", 'Negotiate realm="x"', /neither a password nor a token/],
    ["with two realms", `${OWN},realm="https://elsewhere.example/token"`, /gives "realm" twice/],
    ["in 10,000 characters", `${OWN},x="${"y".repeat(9000)}"`, /is too long/],
  ];
  it.each(challenges)("%s", async (_, challenge, text) => {
    internet.answer = asking(challenge, giving({ token: "abc" }));
    await refused(internet, () => pull(internet), "ERR_OCI_AUTH", text);
    expect(internet.requests).toHaveLength(1);
  });

  it("or a password of somebody who has none", async () => {
    internet.answer = asking('Basic realm="x"', giving({}));
    const error = await refused(internet, withoutCredentials, "ERR_OCI_AUTH", /there are none for it/);
    expect(error.hint).toContain("docker login registry.example");
  });

  describe("or is busy", () => {
    it.each([429, 500, 503])("with %i whenever it is asked", async (status) => {
      internet.answer = busy(status);
      const error = await refused(
        internet,
        () => pull(internet),
        "ERR_OCI_REFUSED",
        new RegExp(`status ${status}`),
      );
      expect(error.details).toEqual(["The registry says: BUSY: [31mcome back"]);
      expect(internet.requests).toHaveLength(2);
    });

    it("for a day", async () => {
      internet.answer = busy(429, { "retry-after": "86400" });
      await refused(internet, () => pull(internet), "ERR_OCI_REFUSED", /status 429/);
      expect(internet.requests).toHaveLength(1);
    });

    it("once, and then has time", async () => {
      internet.answer = (request, response) => {
        (internet.requests.length === 1 ? busy(429, { "retry-after": "0" }) : serving(artifact()))(
          request,
          response,
        );
      };
      expect((await pull(internet)).fromCache).toBe(false);
    });
  });
});
