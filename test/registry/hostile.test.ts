import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ToolkitError, type ErrorCode } from "../../src/errors/index.ts";
import { parseReference, pullComponent, type OciLimits } from "../../src/oci/index.ts";
import {
  artifact,
  chunked,
  COMPONENT,
  dripping,
  endless,
  layerOf,
  REGISTRY_HOST,
  sending,
  serving,
  sha256,
  startFakeInternet,
  type Artifact,
  type FakeInternet,
  type Handler,
} from "./hostile.ts";
import { OPENSSL } from "./make-certificate.ts";
import { nothingLeft, pull, REFERENCE, refused } from "./refusals.ts";

const IMPATIENT: Partial<OciLimits> = { windowMs: 60, windowBytes: 100_000, answerMs: 60_000 };

let internet: FakeInternet;

const raw = (text: string | Uint8Array): Artifact => ({ manifest: Buffer.from(text), layer: COMPONENT });

describe.skipIf(OPENSSL.missing !== undefined)("a hostile registry", () => {
  beforeAll(async () => {
    internet = await startFakeInternet();
  });
  afterAll(() => internet?.stop());
  beforeEach(() => internet.reset());

  it("gets nowhere with an artifact that is as it should be: it is pulled", async () => {
    internet.answer = serving(artifact());
    expect(Buffer.from((await pull(internet)).bytes).equals(COMPONENT)).toBe(true);
    nothingLeft(internet);
  });

  describe("that lies of a layer", () => {
    const other = new Uint8Array(COMPONENT.length).fill(1);
    const cases: [string, Handler, ErrorCode, RegExp][] = [
      ["another content of the same size", sending(other), "ERR_OCI_CONTENT", /another content, sha256:/],
      ["a shorter body", sending(COMPONENT.subarray(1)), "ERR_OCI_CONTENT", /its manifest says 12005/],
      [
        "a shorter body without a length",
        chunked(COMPONENT.subarray(1)),
        "ERR_OCI_CONTENT",
        /it has 12004 bytes/,
      ],
      ["a longer body", sending(Buffer.concat([COMPONENT, other])), "ERR_OCI_CONTENT", /its manifest says/],
      [
        "a longer body without a length",
        chunked(Buffer.concat([COMPONENT, other])),
        "ERR_OCI_CONTENT",
        /more than/,
      ],
      ["an endless body", endless, "ERR_OCI_CONTENT", /more than 12005 bytes/],
      [
        "a length of 10 GB",
        (_, response) => response.writeHead(200, { "content-length": 10_000_000_000 }).flushHeaders(),
        "ERR_OCI_CONTENT",
        /10000000000 bytes/,
      ],
      [
        "a body that breaks off",
        (_, response) => {
          response.writeHead(200, { "content-length": COMPONENT.length });
          response.write(COMPONENT.subarray(0, 100), () => response.destroy());
        },
        "ERR_OCI_NETWORK",
        /connection was closed|aborted/,
      ],
      [
        "gzip that was not asked for",
        (_, response) =>
          void response
            .writeHead(200, { "content-encoding": "gzip" })
            .end(gzipSync(Buffer.alloc(50_000_000))),
        "ERR_OCI_CONTENT",
        /comes packed/,
      ],
      [
        "nothing at all",
        (_, response) => void response.destroy(),
        "ERR_OCI_NETWORK",
        /connection was closed/,
      ],
      [
        "no such layer: the tag was moved and its layer removed",
        (_, response) => void response.writeHead(404).end(),
        "ERR_OCI_NOT_FOUND",
        /nothing by that name/,
      ],
    ];
    it.each(cases)("with %s", async (_, blob, code, text) => {
      internet.answer = serving(artifact(), { blob });
      await refused(internet, () => pull(internet), code, text);
    });

    it("by letting it drip", async () => {
      internet.answer = serving(artifact(), { blob: dripping });
      await refused(
        internet,
        () => pull(internet, { limits: IMPATIENT }),
        "ERR_OCI_NETWORK",
        /took longer than 0.06 s/,
      );
    });

    it("by saying nothing", async () => {
      internet.answer = serving(artifact(), { blob: () => undefined });
      await refused(
        internet,
        () => pull(internet, { limits: { answerMs: 300 } }),
        "ERR_OCI_NETWORK",
        /took longer than 0.3 s/,
      );
    });
  });

  describe("that sends a manifest", () => {
    const layer = layerOf(COMPONENT);
    const nested = { mediaType: "application/vnd.oci.image.index.v1+json", digest: sha256("x"), size: 1 };
    const good = Buffer.from(artifact().manifest).toString("utf8");
    const cases: [string, Artifact, string | undefined, RegExp][] = [
      [
        "with a layer of 10 GB",
        artifact({ layers: [{ ...layer, size: 10_000_000_000 }] }),
        undefined,
        /268435456 are allowed/,
      ],
      [
        "with a negative size",
        artifact({ layers: [{ ...layer, size: -1 }] }),
        undefined,
        /a size that is none: -1/,
      ],
      [
        "with half a byte",
        artifact({ layers: [{ ...layer, size: 0.5 }] }),
        undefined,
        /a size that is none: 0.5/,
      ],
      [
        "with a text for a size",
        artifact({ layers: [{ ...layer, size: "12" }] }),
        undefined,
        /a size that is none: "12"/,
      ],
      ["with two layers", artifact({ layers: [layer, layer] }), undefined, /it has 2 layers/],
      ["without layers", artifact({ layers: [] }), undefined, /it has 0 layers/],
      [
        "whose layers are no list",
        artifact({ layers: { 0: layer, length: 1 } }),
        undefined,
        /no list of layers/,
      ],
      [
        "with another digest than sha256",
        artifact({ layers: [{ ...layer, digest: `md5:${"0".repeat(32)}` }] }),
        undefined,
        /not sha256: "md5:/,
      ],
      [
        "with a path for a digest",
        artifact({ layers: [{ ...layer, digest: "sha256:../../../etc/passwd" }] }),
        undefined,
        /not sha256: "sha256:\.\./,
      ],
      [
        "of a container image",
        artifact({ config: { ...layer, mediaType: "application/vnd.oci.image.config.v1+json" } }),
        undefined,
        /no WebAssembly component: its configuration/,
      ],
      [
        "of something else than wasm",
        artifact({ layers: [{ ...layer, mediaType: "application/gzip" }] }),
        undefined,
        /its layer is "application\/gzip"/,
      ],
      [
        "that is an index",
        artifact({ mediaType: nested.mediaType, manifests: [nested] }),
        nested.mediaType,
        /an index of several artifacts/,
      ],
      [
        "that is an index and says it is none",
        artifact({ manifests: [nested] }),
        nested.mediaType,
        /the registry calls it "application\/vnd.oci.image.index/,
      ],
      [
        "that is a manifest and says it is an index",
        artifact({ mediaType: nested.mediaType }),
        undefined,
        /the registry calls it/,
      ],
      [
        "of Docker's type",
        artifact({ mediaType: "application/vnd.docker.distribution.manifest.v2+json" }),
        "application/vnd.docker.distribution.manifest.v2+json",
        /of another type/,
      ],
      ["of another schema", artifact({ schemaVersion: 1 }), undefined, /schema version 2/],
      ["that is garbage", raw("{]"), undefined, /is not JSON/],
      ["that is a list", raw("[]"), undefined, /not a JSON object/],
      ["that is not UTF-8", raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), undefined, /not UTF-8/],
      ["with a key twice", raw(good.replace("{", '{"layers":[],')), undefined, /has a key twice/],
      ["with __proto__", raw(good.replace("{", '{"__proto__":{},')), undefined, /no sane JSON/],
      ["nested 100,000 times", raw("[".repeat(100_000)), undefined, /no sane JSON: depth/],
      [
        "with annotations that are none",
        artifact({ annotations: { a: { b: 1 } } }),
        undefined,
        /annotations that are not texts/,
      ],
      [
        "with a media type that breaks lines",
        artifact({ layers: [{ ...layer, mediaType: "a/b\r\nx: y" }] }),
        undefined,
        /a media type that is none/,
      ],
    ];
    it.each(cases)("%s", async (_, content, type, text) => {
      internet.answer = serving(content, type === undefined ? {} : { type });
      await refused(internet, () => pull(internet), "ERR_OCI_CONTENT", text);
      expect(internet.requests.filter(({ url }) => url.includes("/blobs/"))).toEqual([]);
    });

    const answers: [string, Handler, Partial<OciLimits>, ErrorCode, RegExp][] = [
      ["that never ends", endless, {}, "ERR_OCI_CONTENT", /more than 4194304 bytes/],
      ["that drips", dripping, IMPATIENT, "ERR_OCI_NETWORK", /took longer/],
      [
        "with a header of megabytes",
        (_, response) => void response.writeHead(200, { x: "y".repeat(60_000) }).end(),
        {},
        "ERR_OCI_NETWORK",
        /header is too large/,
      ],
      [
        "that is not HTTP",
        (request) => void request.socket.end("SSH-2.0-hello\r\n\r\n"),
        {},
        "ERR_OCI_NETWORK",
        /not HTTP/,
      ],
      [
        "and calls it by another digest",
        (_, response) => {
          response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json");
          response.setHeader("docker-content-digest", sha256("other"));
          response.end(artifact().manifest);
        },
        {},
        "ERR_OCI_CONTENT",
        /the registry calls it sha256:.*, and it is sha256:/,
      ],
      [
        "packed",
        (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}")),
        {},
        "ERR_OCI_CONTENT",
        /packed/,
      ],
    ];
    it.each(answers)("%s", async (_, manifest, limits, code, text) => {
      internet.answer = serving(artifact(), { manifest });
      await refused(internet, () => pull(internet, { limits }), code, text);
    });

    it("other than the one that was asked for by digest", async () => {
      internet.answer = serving(artifact());
      const digest = sha256("what was asked for");
      await refused(
        internet,
        () => pull(internet, { text: `oci://${REGISTRY_HOST}/acme/notes@${digest}` }),
        "ERR_OCI_CONTENT",
        /another content/,
      );
    });

    it.each(["../../../evil.wasm", "/etc/evil.wasm", "C:\\evil.wasm", "\u001b[2J"])(
      "with the title %j: titles name no files",
      async (title) => {
        const annotations = { "org.opencontainers.image.title": title };
        internet.answer = serving(artifact({ annotations, layers: [{ ...layer, annotations }] }));
        expect((await pull(internet)).annotations).toEqual(annotations);
        nothingLeft(internet);
      },
    );

    it("that a policy refuses: neither it nor its layer is kept", async () => {
      internet.answer = serving(artifact());
      const refusal = new ToolkitError("Cannot trust it: nobody signed it", { code: "ERR_SIGNATURE" });
      const admit = (): Promise<never> => Promise.reject(refusal);
      await refused(
        internet,
        () => pullComponent(REFERENCE, { ...internet.options, admit }),
        "ERR_SIGNATURE",
        /nobody signed/,
      );
      expect(internet.requests.filter(({ url }) => url.includes("/blobs/"))).toEqual([]);
      const offline = parseReference(`oci://${REGISTRY_HOST}/acme/notes@${sha256(artifact().manifest)}`);
      await refused(
        internet,
        () => pullComponent(offline, { ...internet.options, offline: true }),
        "ERR_OCI_NOT_FOUND",
        /not in the cache/,
      );
    });

    it("that is another one a moment later: the layer is that of the first", async () => {
      const second = artifact({}, new TextEncoder().encode("\0asm second"));
      let asked = 0;
      internet.answer = (request, response) =>
        serving(asked++ === 0 ? artifact() : second)(request, response);
      await refused(internet, () => pull(internet), "ERR_OCI_CONTENT", /its manifest says 12005/);
    });
  });
});
