import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { createHostServices } from "tenon/hosts/node";
import { afterEach, describe, expect, test } from "vitest";
import { coreManifest } from "./handler-core.ts";
import { closeServers, listen, send, site } from "./outbound-site.ts";
import { CERTIFICATE, PRIVATE_KEY } from "./tls-certificate.ts";

const MIB = 1024 * 1024;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

afterEach(closeServers);

/** The failure of a request that no grant covers. */
function denied(val: string): object {
  return { tag: "denied", val };
}

/** Answers every request with encoded content. */
function encode(bytes: Buffer, encoding: string): RequestListener {
  return (_, response) => response.writeHead(200, { "content-encoding": encoding, "x-kept": "1" }).end(bytes);
}

test("A request arrives as it was given, with what is the host's", async () => {
  const { origin, seen } = await site();
  const response = await send([{ origin, methods: ["POST"] }], {
    origin,
    method: "POST",
    pathWithQuery: "/a%20b?q=%2F&r",
    headers: [
      ["x-one", "1"],
      ["x-many", "a"],
      ["x-many", "b"],
      ["content-type", "text/plain"],
    ],
    body: "\ufeffgrüße",
  });
  expect(response).toMatchObject({ status: 200, body: "ok" });
  expect(seen).toEqual([
    {
      method: "POST",
      url: "/a%20b?q=%2F&r",
      body: "\ufeffgrüße",
      headers: expect.objectContaining({
        host: origin.slice("http://".length),
        "content-length": "10",
        "x-one": "1",
        "x-many": "a, b",
        "content-type": "text/plain",
      }) as unknown,
    },
  ]);
});

test("A response has its fields in order and its content as text exactly when it is UTF-8", async () => {
  const { origin } = await site((request, response) => {
    response.writeHead(201, ["X-B", "2", "Set-Cookie", "a=1", "x-a", "1", "Set-Cookie", "b=2"]);
    response.end(request.url === "/text" ? "\ufeffé" : Buffer.of(0xff, 0x00));
  });
  const text = await send([{ origin }], { origin, pathWithQuery: "/text" });
  expect(text).toMatchObject({ status: 201, body: "\ufeffé" });
  const own = text.headers.filter(([name]) => /^(x-|set-)/.test(name));
  expect(own).toEqual([
    ["x-b", "2"],
    ["set-cookie", "a=1"],
    ["x-a", "1"],
    ["set-cookie", "b=2"],
  ]);
  expect(text.headers.map(([name]) => name)).not.toContain("connection");
  const { body } = await send([{ origin }], { origin, pathWithQuery: "/bytes" });
  expect(body).toEqual(Uint8Array.of(0xff, 0x00));
});

describe("grants", () => {
  test("The method must be granted; GET and HEAD are when none is named", async () => {
    const { origin, seen } = await site();
    await send([{ origin }], { origin, method: "HEAD" });
    await expect(send([{ origin }], { origin, method: "POST" })).rejects.toMatchObject(
      denied(`no grant covers POST ${origin}/`),
    );
    await expect(send([{ origin, methods: ["POST"] }], { origin })).rejects.toMatchObject({ tag: "denied" });
    expect(seen).toHaveLength(1);
  });

  test("The path must be below one that is granted, by whole segments", async () => {
    const { origin, seen } = await site();
    const grants = [{ origin, paths: ["/v1", "/open/"] }];
    for (const pathWithQuery of ["/v1", "/v1/x?y", "/v1?q", "/open/", "/open/deep/er"]) {
      await send(grants, { origin, pathWithQuery });
    }
    for (const pathWithQuery of [
      "/",
      "/v10",
      "/open",
      "/v2/v1/",
      "/V1",
      "/v1/%2e%2e%2fv2",
      "/v1/..%5cv2",
      "/v1/%2F",
    ]) {
      const sent = send(grants, { origin, pathWithQuery });
      await expect(sent, pathWithQuery).rejects.toMatchObject({
        tag: expect.stringMatching(/^denied|invalid/) as unknown,
      });
    }
    expect(seen).toHaveLength(5);
  });

  test("The origin must be the one granted, to the port", async () => {
    const { origin } = await site();
    const other = await site();
    for (const asked of [other.origin, origin.replace("127.0.0.1", "localhost"), "http://127.0.0.1"]) {
      await expect(send([{ origin }], { origin: asked }), asked).rejects.toMatchObject(
        denied(`no grant covers GET ${asked}/`),
      );
    }
    expect(other.seen).toEqual([]);
  });

  test("Grants of all parts count together", async () => {
    const [a, b] = [await site(), await site()];
    const whole = coreManifest({ http: [{ origin: a.origin }] });
    const [provider] = whole.providers;
    whole.providers.push({ ...provider!, as: "other", grants: { http: [{ origin: b.origin }] } });
    const { http } = createHostServices(whole);
    for (const { origin } of [a, b]) {
      const request = {
        method: "GET",
        origin,
        pathWithQuery: "/",
        headers: [],
        body: undefined,
        timeoutMs: 500,
      };
      expect(await http!(request, new AbortController().signal)).toMatchObject({ status: 200 });
    }
  });

  test("A redirect is returned and not followed", async () => {
    const elsewhere = await site();
    const { origin } = await site((_, response) =>
      response.writeHead(302, { location: elsewhere.origin }).end(),
    );
    const response = await send([{ origin }, { origin: elsewhere.origin }], { origin });
    expect(response.status).toBe(302);
    expect(response.headers).toContainEqual(["location", elsewhere.origin]);
    expect(elsewhere.seen).toEqual([]);
  });
});

describe("limits", () => {
  test("Content of a request over 4 MiB is refused, in bytes and not in characters", async () => {
    const { origin, seen } = await site();
    const grants = [{ origin, methods: ["PUT"] }];
    for (const body of ["é".repeat(2 * MIB + 1), new Uint8Array(4 * MIB + 1)]) {
      await expect(send(grants, { origin, method: "PUT", body })).rejects.toMatchObject({ tag: "too-large" });
    }
    expect(await send(grants, { origin, method: "PUT", body: "x".repeat(4 * MIB) })).toMatchObject({
      status: 200,
    });
    expect(seen).toHaveLength(1);
  });

  test("Content of a response over 4 MiB is given up while it arrives", async () => {
    let closed: Promise<unknown> | undefined;
    const { origin } = await site((_, response) => {
      closed = once(response, "close");
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(MIB)));
        response.once("drain", more);
      };
      more();
    });
    await expect(send([{ origin }], { origin })).rejects.toMatchObject({ tag: "too-large" });
    await closed;
  });

  test("Too many header fields are no answer", async () => {
    const { origin } = await site((_, response) => response.writeHead(200, { x: "a".repeat(20_000) }).end());
    await expect(send([{ origin }], { origin })).rejects.toMatchObject({ tag: "unreachable" });
  });

  test("An answer that does not come in time is a timeout, before the head and within the content", async () => {
    const { origin } = await site((request, response) => {
      if (request.url === "/content") response.write("beginning");
    });
    for (const pathWithQuery of ["/head", "/content"]) {
      await expect(send([{ origin }], { origin, pathWithQuery, timeoutMs: 50 })).rejects.toMatchObject({
        tag: "timeout",
        val: undefined,
      });
    }
  });

  test("A request that is given up ends on the other side as well", async () => {
    const gone = new AbortController();
    let closed: Promise<unknown> | undefined;
    const { origin } = await site((_, response) => {
      closed = once(response, "close");
      gone.abort();
    });
    await expect(send([{ origin }], { origin }, { signal: gone.signal })).rejects.toMatchObject({
      tag: "unreachable",
    });
    await closed;
  });
});

describe("encoded content", () => {
  const text = "text ".repeat(1000);
  const encodings: [string, Buffer][] = [
    ["gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["Deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["gzip, br", brotliCompressSync(gzipSync(text))],
  ];

  test.each(encodings)("%s is decoded", async (encoding, bytes) => {
    const { origin, seen } = await site(encode(bytes, encoding));
    const response = await send([{ origin }], { origin });
    expect(response.body).toBe(text);
    expect(response.headers).toContainEqual(["x-kept", "1"]);
    expect(response.headers.map(([name]) => name)).not.toContain("content-encoding");
    expect(seen[0]!.headers["accept-encoding"]).toBe("gzip, deflate, br");
  });

  test("What is not known stays as it came", async () => {
    const { origin } = await site(encode(Buffer.from("abc"), "zstd"));
    const response = await send([{ origin }], { origin });
    expect(response).toMatchObject({ body: "abc" });
    expect(response.headers).toContainEqual(["content-encoding", "zstd"]);
  });

  test("An answer without content may name an encoding", async () => {
    const { origin } = await site(encode(Buffer.alloc(0), "gzip"));
    expect(await send([{ origin }], { origin, method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  });

  test("What decodes to more than 4 MiB is refused, at whatever step", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MIB));
    for (const [bytes, encoding] of [
      [bomb, "gzip"],
      [brotliCompressSync(Buffer.alloc(64 * MIB), FAST), "br"],
      [gzipSync(bomb), "gzip, gzip"],
    ] as const) {
      const { origin } = await site(encode(bytes, encoding));
      await expect(send([{ origin }], { origin }), encoding).rejects.toMatchObject({ tag: "too-large" });
    }
  });

  test("What is not what its encoding says is no answer", async () => {
    const whole = gzipSync(text);
    for (const bytes of [Buffer.from("no gzip"), whole.subarray(0, -10)]) {
      const { origin } = await site(encode(bytes, "gzip"));
      await expect(send([{ origin }], { origin })).rejects.toMatchObject({
        tag: "unreachable",
        val: "the content is not gzip",
      });
    }
  });
});

describe("servers that are none", () => {
  test("A refused connection is unreachable", async () => {
    const port = await listen(createTcpServer());
    await closeServers();
    const origin = `http://127.0.0.1:${port}`;
    await expect(send([{ origin }], { origin })).rejects.toMatchObject({
      tag: "unreachable",
      val: "the connection was refused",
    });
  });

  test.each([
    ["no HTTP", "SSH-2.0-x\r\n"],
    [
      "a switch of protocols",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
    ["an unknown status", "HTTP/1.1 999 x\r\ncontent-length: 0\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    ["less than was announced", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab"],
    ["nothing", ""],
  ])("%s is unreachable", async (_, answer) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(answer));
    });
    const origin = `http://127.0.0.1:${await listen(server)}`;
    await expect(send([{ origin }], { origin })).rejects.toMatchObject({ tag: "unreachable" });
  });

  test("A kept connection that was closed meanwhile costs a request nothing", async () => {
    let connections = 0;
    const server = createTcpServer((socket) => {
      connections++;
      let requests = 0;
      socket
        .on("error", () => {})
        .on("data", () => {
          // The second request on a connection finds it closed.
          if (++requests === 2) socket.resetAndDestroy();
          else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
    });
    const origin = `http://127.0.0.1:${await listen(server)}`;
    const { http } = createHostServices(coreManifest({ http: [{ origin }] }));
    const request = {
      method: "GET",
      origin,
      pathWithQuery: "/",
      headers: [],
      body: undefined,
      timeoutMs: undefined,
    };
    for (let i = 0; i < 2; i++) {
      expect(await http!(request, new AbortController().signal)).toMatchObject({ body: "ok" });
    }
    expect(connections).toBe(2);
  });
});

async function loopback(): Promise<{ address: string; family: number }[]> {
  return [{ address: "127.0.0.1", family: 4 }];
}

async function secureSite(): Promise<number> {
  return listen(
    createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (_, response) => response.end("secure")),
  );
}

describe("TLS", () => {
  test("A certificate for the name is accepted", async () => {
    const origin = `https://localhost:${await secureSite()}`;
    expect(await send([{ origin }], { origin }, { resolve: loopback, ca: CERTIFICATE })).toMatchObject({
      body: "secure",
    });
  });

  test("One that is not trusted, or of another name, is not, whatever the environment says", async () => {
    const port = await secureSite();
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const origin = `https://localhost:${port}`;
      await expect(send([{ origin }], { origin }, { resolve: loopback })).rejects.toMatchObject({
        tag: "unreachable",
        val: expect.stringContaining("CERT") as unknown,
      });
      const literal = `https://127.0.0.1:${port}`;
      await expect(
        send([{ origin: literal }], { origin: literal }, { ca: CERTIFICATE }),
      ).rejects.toMatchObject({ tag: "unreachable" });
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
  });
});
