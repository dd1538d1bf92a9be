import { afterEach, describe, expect, test } from "vitest";
import { connect, type ConnectOptions, type TestClient } from "tenon/test";
import webFetch from "../../components/web-fetch/tool.ts";

const PAGE = `<!doctype html><html><head><title>The &amp;
  Page</title><style>p {}</style><script>alert("x")</script></head><body>
<nav><a href="/">Home</a></nav><header>Banner</header>
<main><h1>Title</h1><p>Text with <a href="../rel?x=1#y">a <b>link</b></a>, <b>bold</b> &copy; and <code>a&lt;b</code>
<img src="i.png" alt="pic"> <a href="javascript:alert(1)">bad</a></p>
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
<p>Before<input> after</p><ul><li>one<ul><li>two</li></ul></li></ul>
<pre><code class="language-js">let a = 1;
let b;</code></pre><script>hidden()</script><noscript>no</noscript><form>Search <input></form></main>
<footer>Imprint <a href="https://other.example/">Other</a></footer></body></html>`;

const html = (text: string): Response =>
  new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });

const answer = (type: string, body: string | Uint8Array<ArrayBuffer>) => (): Response =>
  new Response(body, { headers: { "content-type": type } });

function redirect(location: string, status = 302): Response {
  return new Response(null, { status, headers: { location } });
}

const URL_OF_PAGE = "https://example.com/docs/page";

describe.each(["source", "component"])("web-fetch, as %s", (kind) => {
  const clients: TestClient[] = [];

  async function client(http: ConnectOptions["http"] = {}): Promise<TestClient> {
    const where = kind === "component" ? { component: "dist/components/web-fetch.wasm" } : {};
    const connected = await connect(webFetch, { quiet: true, ...where, http: http ?? {} });
    clients.push(connected);
    return connected;
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((each) => each.close()));
  });

  test("a page is its main content as Markdown, with absolute links", async () => {
    const to = await client({ [`GET ${URL_OF_PAGE}`]: () => html(PAGE) });
    const { structured } = await to.call("fetch_page", { url: URL_OF_PAGE });
    expect(structured).toMatchObject({ url: URL_OF_PAGE, title: "The & Page", media_type: "text/html" });
    expect(structured.content).toBe(
      [
        "# Title",
        "",
        "Text with [a **link**](https://example.com/rel?x=1#y), **bold** © and `a<b` ![pic](https://example.com/docs/i.png) bad",
        "",
        "| A | B |",
        "| --- | --- |",
        "| 1 | 2 |",
        "",
        "Before after",
        "",
        "- one",
        "  - two",
        "",
        "```js",
        "let a = 1;",
        "let b;",
        "```",
      ].join("\n"),
    );
    expect(structured.next_index).toBeUndefined();
  });

  test("the whole page has what is around it, and never what is no text", async () => {
    const to = await client({ [`GET ${URL_OF_PAGE}`]: () => html(PAGE) });
    const { content } = (await to.call("fetch_page", { url: URL_OF_PAGE, whole_page: true })).structured;
    for (const text of ["Banner", "Imprint", "[Home](https://example.com/)"]) expect(content).toContain(text);
    for (const text of ["alert", "hidden", "javascript:"]) expect(content).not.toContain(text);
  });

  test("links are listed once, in order, as absolute URLs of the web", async () => {
    const to = await client({ [`GET ${URL_OF_PAGE}`]: () => html(PAGE) });
    expect((await to.call("list_links", { url: URL_OF_PAGE })).structured).toEqual({
      url: URL_OF_PAGE,
      links: [
        { url: "https://example.com/", text: "Home" },
        { url: "https://example.com/rel?x=1#y", text: "a link" },
        { url: "https://other.example/", text: "Other" },
      ],
      total: 3,
    });
    const short = (await to.call("list_links", { url: URL_OF_PAGE, limit: 1 })).structured;
    expect([short.links.length, short.total]).toEqual([1, 3]);
  });

  test("a long text comes in parts that never split a character", async () => {
    const text = "a😀".repeat(100);
    const to = await client({ "GET https://example.com/t": text });
    let whole = "";
    let start: number | undefined = 0;
    while (start !== undefined) {
      const { structured } = await to.call("fetch_page", {
        url: "https://example.com/t",
        start_index: start,
        max_length: 101,
      });
      expect(structured.content).not.toMatch(/\ufffd/);
      whole += structured.content;
      start = structured.next_index;
    }
    expect(whole).toBe(text);
  });

  test("other texts come as they are, and encodings are understood or named", async () => {
    const latin = Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x20, 0x80);
    const to = await client({
      "GET https://example.com/json": answer("application/json", '{"a":1}'),
      "GET https://example.com/latin": answer("text/plain; charset=ISO-8859-1", latin),
      "GET https://example.com/meta": answer(
        "text/html",
        Buffer.from('<meta charset="windows-1252">caf\u00e9', "latin1"),
      ),
      "GET https://example.com/sjis": answer("text/plain; charset=shift_jis", "x"),
      "GET https://example.com/image": answer("image/png", latin),
    });
    const page = (name: string) => to.call("fetch_page", { url: `https://example.com/${name}` });
    expect((await page("json")).structured).toMatchObject({
      content: '{"a":1}',
      media_type: "application/json",
    });
    expect((await page("latin")).structured).toMatchObject({ content: "café €" });
    expect((await page("meta")).structured).toMatchObject({ content: "café" });
    expect(await page("sjis")).toMatchObject({
      isError: true,
      text: expect.stringContaining("shift_jis") as string,
    });
    expect(await page("image")).toMatchObject({
      isError: true,
      text: expect.stringContaining("image/png") as string,
    });
  });

  test("what is not granted is denied, and says what to grant", async () => {
    const to = await client({ "GET https://example.com/": "x" });
    const { isError, text } = await to.call("fetch_page", { url: "https://elsewhere.example/secret" });
    expect(isError).toBe(true);
    expect(text).toContain('"http": [{ "origin": "https://elsewhere.example", "methods": ["GET"] }]');
  });

  test("redirects are followed, and a denied one names its own origin", async () => {
    const to = await client({
      "GET https://example.com/old": () => redirect("/moved", 301),
      "GET https://example.com/moved": () => redirect("https://example.org/there#part"),
      "GET https://example.org/there": "there",
      "GET https://example.com/away": () => redirect("https://elsewhere.example/secret"),
      "GET https://example.com/loop": () => redirect("/loop"),
      "GET https://example.com/file": () => redirect("file:///etc/passwd"),
    });
    const page = (name: string) => to.call("fetch_page", { url: `https://example.com/${name}` });
    expect((await page("old")).structured).toMatchObject({
      url: "https://example.org/there",
      content: "there",
    });
    expect((await page("away")).text).toContain(
      '"http": [{ "origin": "https://elsewhere.example", "methods"',
    );
    expect((await page("loop")).text).toContain("redirects more than 5 times");
    expect((await page("file")).text).toContain("redirects to what is not an http or https URL");
  });

  test.each([
    ["deep", "<div>".repeat(20_000)],
    ["inline", `${"<b>".repeat(20_000)}x`],
    ["lists", "<ul><li>".repeat(3000)],
    ["tables", "<table><tr><td>".repeat(1000)],
    ["angles", "<".repeat(100_000)],
    ["ampersands", "&".repeat(100_000)],
    ["an open attribute", `<a href="${"x".repeat(100_000)}`],
  ])("a hostile page of %s is answered", async (_, page) => {
    const to = await client({ "GET https://example.com/": () => html(page) });
    const { structured } = await to.call("fetch_page", { url: "https://example.com/" });
    expect(structured).toMatchObject({ url: "https://example.com/", media_type: "text/html" });
  });

  test("failures of servers and bad arguments are told", async () => {
    const to = await client({ "GET https://example.com/gone": () => new Response("no", { status: 404 }) });
    expect(await to.call("fetch_page", { url: "https://example.com/gone" })).toMatchObject({
      isError: true,
      text: expect.stringContaining("404") as string,
    });
    for (const url of ["ftp://example.com/", "/relative", "not a url"]) {
      expect(await to.call("fetch_page", { url })).toMatchObject({
        isError: true,
        text: expect.stringContaining("url: Expected an absolute http or https URL") as string,
      });
    }
  });
});
