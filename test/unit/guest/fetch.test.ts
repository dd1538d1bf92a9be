import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import {
  compileComponent,
  type CompiledComponent,
  type Instance,
} from "../../fixtures/compiled-component.ts";
import { FakeHttp, type Answer, type SentRequest } from "../../fixtures/fake-http.ts";

const ORIGIN = "https://api.example";

let component: CompiledComponent;

beforeAll(async () => {
  const { bytes, imports, manifest } = await buildComponent({
    entry: "test/fixtures/components/fetching.ts",
  });
  expect(imports).toContain("tenon:host/http@0.1.0");
  expect(manifest.capabilities).toEqual([{ interface: "tenon:host/http", reason: "the tests' server" }]);
  component = await compileComponent(bytes);
});

interface Setup {
  http: FakeHttp;
  instance: Instance;
  /** Calls a tool that answers in JSON. */
  ask: (tool: string, args: object) => unknown;
}

function setup(answer: (request: SentRequest) => Answer, cancelled: () => boolean = () => false): Setup {
  const http = new FakeHttp(answer);
  const instance = component.instantiate({
    host: (sleep) => ({ ...http.functions(sleep), "tenon:mcp/outbox": { cancelled, notify: () => {} } }),
  });
  const ask = (tool: string, args: object): unknown => {
    const result = instance.call(tool, args);
    if (result.isError) throw new Error(JSON.stringify([result, instance.logs]));
    return JSON.parse(result.content[0]!.text);
  };
  return { http, instance, ask };
}

test("requests run side by side, and timers beside them", () => {
  const { http, instance, ask } = setup(({ pathWithQuery }) => ({
    after: { "/slow": 30, "/fast": 10 }[pathWithQuery]!,
    body: `from ${pathWithQuery}`,
  }));
  expect(ask("all", { urls: [`${ORIGIN}/slow`, `${ORIGIN}/fast`] })).toEqual({
    order: ["/fast", "timer", "/slow"],
    texts: ["from /slow", "from /fast"],
    same: true,
  });
  expect(http.waits[0]).toEqual({ tokens: [101, 102], timeoutMs: 25 });
  expect(instance.slept).toBe(30);
});

describe("a request", () => {
  test("has a canonical origin, a path, lower-case fields and text where it is text", () => {
    const { http, ask } = setup(() => ({}));
    ask("request", {
      url: "HTTPS://BÜCHER.example:443/a/../ä?q=é#part",
      init: {
        method: "patch",
        body: "grüße",
        headers: {
          "X-Trace": " 1\t",
          Host: "evil.example",
          "Content-Length": "3",
          Connection: "close",
          TE: "x",
        },
      },
    });
    expect(http.sent).toMatchObject([
      {
        method: "PATCH",
        origin: "https://xn--bcher-kva.example",
        pathWithQuery: "/%C3%A4?q=%C3%A9",
        headers: [
          ["content-type", "text/plain;charset=UTF-8"],
          ["x-trace", "1"],
        ],
        body: { tag: "text", val: "grüße" },
      },
    ]);
  });

  test.for([
    ["valid UTF-8", "w6k=", { tag: "text", val: "é" }],
    [
      "a byte order mark, which hosts in JavaScript take off texts",
      "77u/YQ==",
      { tag: "bytes", val: new Uint8Array([0xef, 0xbb, 0xbf, 0x61]) },
    ],
    ["other bytes", "/wA=", { tag: "bytes", val: new Uint8Array([255, 0]) }],
    ["no bytes", "", { tag: "text", val: "" }],
  ] as const)("of %s", ([, bytes, body]) => {
    const { http, ask } = setup(() => ({}));
    ask("request", { url: ORIGIN, init: { method: "PUT" }, bytes });
    expect(http.sent[0]).toMatchObject({ body, headers: [], pathWithQuery: "/" });
  });

  test("from a Request with a form", () => {
    const { http, ask } = setup(() => ({ body: '{"x":1}' }));
    expect(ask("form", { url: `${ORIGIN}/f` })).toEqual({
      data: { x: 1 },
      used: true,
      copied: "a=b+c&d=%C3%A9",
      headers: [
        ["accept", "application/json"],
        ["content-type", "application/x-www-form-urlencoded;charset=UTF-8"],
      ],
    });
    expect(http.sent[0]).toMatchObject({
      method: "POST",
      body: { tag: "text", val: "a=b+c&d=%C3%A9" },
      // Fields given to fetch are all that a request then has.
      headers: [["x-other", "1"]],
    });
  });

  test.for([
    ["/relative", {}, /not an absolute URL/],
    ["ftp://a.example/", {}, /neither https nor http/],
    ["https://user:pw@a.example/", {}, /user name or a password/],
    [ORIGIN, { method: "TRACE" }, /no method/],
    [ORIGIN, { method: "a b" }, /no method/],
    [ORIGIN, { body: "x" }, /GET has no body/],
    [ORIGIN, { method: "POST", body: {} }, /A body is/],
    [ORIGIN, { headers: { "a b": "c" } }, /no name of a header field/],
    [ORIGIN, { headers: { a: "b\r\nc: d" } }, /has a character/],
    [ORIGIN, { headers: [["a"]] }, /a name and a value/],
    [ORIGIN, { redirect: "sometimes" }, /redirect is/],
    [ORIGIN, { signal: {} }, /not an AbortSignal/],
  ] as const)("is refused before it is sent: %s %o", ([url, init, message]) => {
    const { http, ask } = setup(() => ({}));
    expect(ask("request", { url, init })).toMatchObject({ throws: "TypeError", message });
    expect(http.sent).toEqual([]);
  });
});

describe("a response", () => {
  test("tells what the host said", () => {
    const { ask } = setup(() => ({
      status: 418,
      headers: [
        ["x-b", "2"],
        ["set-cookie", "a=1"],
        ["x-a", "1"],
        ["set-cookie", "b=2"],
        ["x-b", "3"],
      ],
      body: "\ufeffté",
    }));
    expect(ask("request", { url: `${ORIGIN}/t#f` })).toEqual({
      status: 418,
      ok: false,
      redirected: false,
      statusText: "",
      url: `${ORIGIN}/t`,
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["x-a", "1"],
        ["x-b", "2, 3"],
      ],
      body: null,
      text: "té",
      again: { throws: "TypeError", message: "The body has already been read" },
      used: true,
      base64: Buffer.from("\ufeffté").toString("base64"),
    });
  });

  test("of bytes", () => {
    const { ask } = setup(() => ({ body: new Uint8Array([0x61, 0xff, 0x62]) }));
    expect(ask("request", { url: ORIGIN })).toMatchObject({ text: "a\ufffdb", base64: "Yf9i" });
  });

  test("without content", () => {
    const { ask } = setup(() => ({ status: 204, headers: [["content-type", "text/plain"]] }));
    expect(ask("request", { url: ORIGIN })).toMatchObject({
      status: 204,
      text: "",
      used: false,
      headers: [["content-type", "text/plain"]],
    });
  });
});

describe("a failure", () => {
  test.for([
    [
      "refusal",
      { tag: "denied", val: `no grant covers GET ${ORIGIN}` },
      `http: denied: no grant covers GET ${ORIGIN}`,
    ],
    ["refusal", { tag: "invalid-request", val: "method" }, "http: invalid-request: method"],
    ["refusal", { tag: "too-many" }, "http: too-many: more requests than the host allows for one call"],
    ["error", { tag: "timeout" }, "http: timeout: nothing came within the limit"],
    ["error", { tag: "too-large" }, "http: too-large: the content is larger than the host allows"],
    ["error", { tag: "unreachable", val: "no such name" }, "http: unreachable: no such name"],
  ] as const)("says what the host said: %s %o", ([when, error, message]) => {
    const { ask } = setup(() => ({ [when]: error }));
    expect(ask("request", { url: ORIGIN })).toEqual({ throws: "ServiceError", code: error.tag, message });
  });
});

function to(location: string, status = 302): Answer {
  return { status, headers: [["location", location]] };
}

function names({ headers }: SentRequest): string[] {
  return headers.map(([name]) => name);
}

describe("redirects", () => {
  const HEADERS = { authorization: "Bearer x", cookie: "a=b", "x-kept": "1", "content-type": "text/x" };

  test("are requests of their own, at most 3", () => {
    const { http, ask } = setup(({ pathWithQuery }) => {
      const hop = Number(pathWithQuery.slice(1));
      return hop < 3 ? to(`../${hop + 1}`) : { body: "there" };
    });
    expect(ask("request", { url: `${ORIGIN}/0` })).toMatchObject({
      text: "there",
      redirected: true,
      url: `${ORIGIN}/3`,
    });
    expect(http.sent.map(({ pathWithQuery }) => pathWithQuery)).toEqual(["/0", "/1", "/2", "/3"]);
    const endless = setup(() => to("/again"));
    expect(endless.ask("request", { url: ORIGIN })).toMatchObject({
      throws: "TypeError",
      message: /3 were followed/,
    });
    expect(endless.http.sent).toHaveLength(4);
  });

  test("to another origin lose what was meant for the first", () => {
    const { http, ask } = setup(({ origin }) => (origin === ORIGIN ? to("https://b.example/x", 307) : {}));
    ask("request", { url: ORIGIN, init: { method: "POST", body: "data", headers: HEADERS } });
    expect(http.sent[1]).toMatchObject({
      method: "POST",
      origin: "https://b.example",
      body: { val: "data" },
    });
    expect(names(http.sent[1]!)).toEqual(["content-type", "x-kept"]);
  });

  test("within an origin keep it", () => {
    const { http, ask } = setup(({ pathWithQuery }) => (pathWithQuery === "/" ? to("/x", 308) : {}));
    ask("request", { url: ORIGIN, init: { headers: HEADERS } });
    expect(names(http.sent[1]!)).toEqual(["authorization", "content-type", "cookie", "x-kept"]);
  });

  test.for([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "PUT", "GET"],
    [301, "PUT", "PUT"],
    [303, "HEAD", "HEAD"],
    [307, "POST", "POST"],
  ] as const)("%i of %s become %s", ([status, method, then]) => {
    const { http, ask } = setup(({ pathWithQuery }) => (pathWithQuery === "/" ? to("/x", status) : {}));
    const body = method === "HEAD" ? {} : { body: "data" };
    ask("request", { url: ORIGIN, init: { method, headers: HEADERS, ...body } });
    expect(http.sent[1]!.method).toBe(then);
    const kept = method === then && method !== "HEAD";
    expect(http.sent[1]!.body?.val).toBe(kept ? "data" : undefined);
    expect(names(http.sent[1]!).includes("content-type")).toBe(method === then);
  });

  test("to where no request may go are errors", () => {
    const { http, ask } = setup(() => to("ftp://a.example/"));
    expect(ask("request", { url: ORIGIN })).toMatchObject({ throws: "TypeError" });
    expect(http.sent).toHaveLength(1);
  });

  test("a hop that no grant covers is denied", () => {
    const refusal = { tag: "denied", val: "https://b.example" };
    const { ask } = setup(({ origin }) => (origin === ORIGIN ? to("https://b.example/") : { refusal }));
    expect(ask("request", { url: ORIGIN })).toMatchObject({ throws: "ServiceError", code: "denied" });
  });

  test("are errors or answers for who asks for that", () => {
    const { ask } = setup(() => to("/x"));
    expect(ask("request", { url: ORIGIN, init: { redirect: "error" } })).toMatchObject({
      throws: "TypeError",
    });
    expect(ask("request", { url: ORIGIN, init: { redirect: "manual" } })).toMatchObject({
      status: 302,
      redirected: false,
      headers: [["location", "/x"]],
    });
  });

  test("without a location are answers", () => {
    const { ask } = setup(() => ({ status: 301, body: "moved" }));
    expect(ask("request", { url: ORIGIN })).toMatchObject({ status: 301, text: "moved" });
  });
});

describe("requests are given up", () => {
  test("by a signal", () => {
    const { http, instance, ask } = setup(() => ({ after: 1000 }));
    expect(ask("abort", { url: ORIGIN })).toMatchObject([
      { throws: "AbortError" },
      { throws: "TimeoutError" },
      { throws: "RangeError", message: "before" },
    ]);
    expect(http.cancelled).toEqual([101, 102]);
    expect(http.inFlight).toBe(0);
    expect(instance.slept).toBe(30);
  });

  test("when the call ends", () => {
    const { http, instance } = setup(() => ({ after: 1000 }));
    expect(instance.call("leave", { url: ORIGIN }).content[0]!.text).toBe("gone");
    expect(http.cancelled).toEqual([101]);
    expect(instance.slept).toBe(0);
  });

  test("when the client cancels the call, within 100 ms", () => {
    let asked = 0;
    const { http, instance, ask } = setup(
      () => ({ after: 60_000 }),
      () => {
        asked += 1;
        return instance.slept >= 450;
      },
    );
    expect(ask("wait", { url: ORIGIN })).toMatchObject([
      true,
      ["abort"],
      { throws: "AbortError", message: "The client has cancelled the request" },
    ]);
    expect(instance.slept).toBe(500);
    expect(asked).toBeLessThan(10);
    expect(http.cancelled).toEqual([101]);
  });
});

test("work without waits learns of a cancelled call by asking, and the next call starts anew", () => {
  let asked = 0;
  const { instance } = setup(
    () => ({}),
    () => (asked += 1) % 5 === 0,
  );
  for (const _ of [1, 2])
    expect(instance.call("poll", {}).content[0]!.text).toBe("4 rounds, then AbortError");
});
