import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pushComponent } from "../../src/oci/index.ts";
import {
  artifact,
  COMPONENT,
  moved,
  REGISTRY_HOST,
  serving,
  sha256,
  startFakeInternet,
  type FakeInternet,
  type Handler,
} from "./hostile.ts";
import { OPENSSL } from "./make-certificate.ts";
import { nothingLeft, pull, REFERENCE, refused } from "./refusals.ts";

const BLOB_PATH = `/v2/acme/notes/blobs/${sha256(COMPONENT)}`;

let internet: FakeInternet;

const taking =
  (start: Handler): Handler =>
  (request, response) => {
    if (request.seen.method === "POST") start(request, response);
    else response.writeHead(404).end();
  };

const push = (): Promise<unknown> =>
  pushComponent(COMPONENT, REFERENCE, { ...internet.options, imports: [], exports: [] });

describe.skipIf(OPENSSL.missing !== undefined)("a hostile registry", () => {
  beforeAll(async () => {
    internet = await startFakeInternet();
  });
  afterAll(() => internet?.stop());
  beforeEach(() => internet.reset());

  describe("that redirects a layer", () => {
    const wanting: Handler = (request, response) => {
      if (request.seen.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      } else serving(artifact(), { blob: moved(`https://storage.example${BLOB_PATH}`) })(request, response);
    };
    const cases: [string, string, RegExp][] = [
      ["to a private address", "https://10.0.0.1/x", /may not lead to: private/],
      ["to this machine", "https://127.0.0.1/x", /may not lead to: loopback/],
      ["to this machine by name", "https://localhost/x", /may not lead to/],
      ["to this machine by IPv6", "https://[::1]/x", /may not lead to: loopback/],
      ["to this machine within IPv6", "https://[::ffff:127.0.0.1]/x", /may not lead to: private/],
      [
        "to where clouds keep secrets",
        "https://169.254.169.254/latest/meta-data/",
        /may not lead to: link-local/,
      ],
      ["to a name with a private address", "https://inside.example/x", /may not lead to: private/],
      ["to http", "http://storage.example/x", /which is not https/],
      ["to itself by http", `http://${REGISTRY_HOST}${BLOB_PATH}`, /which is not https/],
      ["to a file", "file:///etc/passwd", /which is not https/],
      ["to a URL with a password", "https://ada:pw@storage.example/x", /a URL with credentials/],
      ["to nowhere", "https://", /redirected to no URL/],
      ["in a circle", BLOB_PATH, /more than 3 times/],
    ];
    it.each(cases)("%s", async (_, location, text) => {
      internet.addresses.set("inside.example", "192.168.1.1");
      internet.addresses.set("localhost", "127.0.0.1");
      internet.answer = serving(artifact(), { blob: moved(location) });
      await refused(internet, () => pull(internet), "ERR_OCI_REFUSED", text);
      expect(new Set(internet.connected)).toEqual(new Set(["93.184.215.14"]));
    });

    it("to another host: it is followed, without credentials", async () => {
      internet.answer = (request, response) => {
        if (request.seen.host === "storage.example") response.end(COMPONENT);
        else wanting(request, response);
      };
      expect(Buffer.from((await pull(internet)).bytes).equals(COMPONENT)).toBe(true);
      expect(internet.requests.filter(({ authorization }) => authorization !== undefined)).not.toEqual([]);
      nothingLeft(internet);
    });

    it("to itself under another name for the same machine: no credentials go there either", async () => {
      internet.answer = (request, response) => {
        if (request.seen.host === `${REGISTRY_HOST}:8443`) response.end(COMPONENT);
        else if (request.seen.authorization === undefined)
          response.writeHead(401, { "www-authenticate": "Basic" }).end();
        else serving(artifact(), { blob: moved(`https://${REGISTRY_HOST}:8443/x`) })(request, response);
      };
      await pull(internet).catch(() => undefined);
      nothingLeft(internet);
    });

    it("of its own private network into that network: that is where it lives", async () => {
      internet.addresses.set(REGISTRY_HOST, "10.0.0.1");
      internet.addresses.set("storage.example", "10.0.0.2");
      internet.answer = (request, response) => {
        if (request.seen.host === "storage.example") response.end(COMPONENT);
        else serving(artifact(), { blob: moved("https://storage.example/x") })(request, response);
      };
      expect((await pull(internet)).fromCache).toBe(false);
    });

    it("of a private network to where clouds keep secrets", async () => {
      internet.addresses.set(REGISTRY_HOST, "10.0.0.1");
      internet.answer = serving(artifact(), { blob: moved("https://169.254.169.254/x") });
      await refused(internet, () => pull(internet), "ERR_OCI_REFUSED", /may not lead to: link-local/);
    });
  });

  describe("that takes an upload", () => {
    const cases: [string, Handler, RegExp][] = [
      [
        "at another host",
        (_, response) => void response.writeHead(202, { location: "https://elsewhere.example/x" }).end(),
        /another host, "elsewhere.example"/,
      ],
      [
        "by http",
        (_, response) => void response.writeHead(202, { location: `http://${REGISTRY_HOST}/x` }).end(),
        /another host/,
      ],
      ["nowhere", (_, response) => void response.writeHead(202).end(), /where to upload/],
      ["by a redirect", moved("https://elsewhere.example/x"), /redirects an upload/],
    ];
    it.each(cases)("%s", async (_, start, text) => {
      internet.answer = taking(start);
      await refused(internet, push, "ERR_OCI_REFUSED", text);
      expect(new Set(internet.requests.map(({ host }) => host))).toEqual(new Set([REGISTRY_HOST]));
    });

    it("and calls it by another digest", async () => {
      internet.answer = (request, response) => {
        if (request.seen.method === "POST") response.writeHead(202, { location: "/v2/upload" }).end();
        else if (request.seen.method === "HEAD") response.writeHead(404).end();
        else response.writeHead(201, { "docker-content-digest": sha256("other") }).end();
      };
      await refused(internet, push, "ERR_OCI_CONTENT", /the registry calls it/);
    });
  });
});
