import { beforeAll, describe, expect, test } from "vitest";
import { buildComponent } from "../../../src/build/index.ts";
import { compileComponent, type Instance } from "../../fixtures/compiled-component.ts";
import { generator, mismatches } from "../../fixtures/generate-inputs.ts";

let instance: Instance;

beforeAll(async () => {
  const { bytes } = await buildComponent({ entry: "test/fixtures/components/web-apis.ts" });
  instance = (await compileComponent(bytes)).instantiate();
});

function ask(tool: string, inputs: readonly object[]): unknown[] {
  const [block] = instance.call(tool, { inputs }).content;
  return JSON.parse(block!.text) as unknown[];
}

function attempt(run: () => unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(run()));
  } catch (error) {
    return { throws: (error as Error).name };
  }
}

interface Input {
  url: string;
  base?: string;
}

function membersOf({ url, base }: Input): unknown {
  return attempt(() => {
    const parsed = new URL(url, base);
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } =
      parsed;
    const members = [
      href,
      origin,
      protocol,
      username,
      password,
      host,
      hostname,
      port,
      pathname,
      search,
      hash,
    ];
    return [...members, [...parsed.searchParams]];
  });
}

// Pieces that parsers treat in ways of their own. Without those that Node 20 treats as older versions of the standard do
// (`^` in paths, bases with an opaque path), and without labels that start with xn-- and are no Punycode, which components
// let pass.
const SCHEMES = [
  "https:",
  "http:",
  "HTTP:",
  "ws:",
  "ftp:",
  "file:",
  "data:",
  "a+b:",
  "1a:",
  "",
  "javascript:",
  " https:",
];
const SLASHES = ["//", "/", "\\\\", "///", "", "/\\"];
const USERS = ["", "", "", "user@", "ab:cd@", ":@", "@", "a@b@", "%40:%3a@", "ü:'@"];
const HOSTS = [
  "example.com",
  "EXAMPLE.com",
  "a.b.",
  "a..b",
  "",
  "1.2.3.4",
  "1.2.3",
  "0x7f.1",
  "256.1",
  "1.2.3.4.5",
  "09.1",
  "0xffffffff",
  "4294967296",
  "1.2.3.a",
  "[::1]",
  "[1:2:3:4:5:6:7:8]",
  "[::ffff:1.2.3.4]",
  "[1::2::3]",
  "[::1",
  "[1:0:0:2:0:0:0:3]",
  "a b",
  "a%20b",
  "%65xample.com",
  "a%00b",
  "a<b",
  "a|b",
  "a%b",
  "bücher.de",
  "BÜCHER.de",
  "例え.テスト",
  "faß.de",
  "xn--bcher-kva.de",
  "a\u00adb.de",
  "ｅｘａｍｐｌｅ。com",
  "☃.net",
  "a_b",
  "*.a",
];
const PORTS = ["", "", "", ":80", ":443", ":8080", ":", ":65535", ":65536", ":a", ":00080", ":0"];
const PATHS = [
  "",
  "/",
  "/a/b",
  "/a/../b",
  "/./a/.",
  "/%2e%2E/a",
  "/a b",
  "/é",
  "/a%zz",
  "/C:/x",
  "/C|/..",
  "\\a\\..\\b",
  "//x",
  "/a;b=c,d|e`f{h}",
  "/\t\na",
  "x",
  "../x",
  "/[]",
  "/~'()*",
];
const QUERIES = [
  "",
  "",
  "?",
  "?a=b&c",
  "?a+b=%20&=x&&y",
  "?é=ü",
  "?'\"<>`",
  "?a=%41&a=%2B",
  "?#",
  "?%",
  "?\ud800",
];
const HASHES = ["", "", "#", "#a b", '#`<>"', "#é%zz", "#\0a"];
const BASES = [
  undefined,
  undefined,
  "https://base.example/p/q?r#s",
  "file:///C:/d/e",
  "a+b://h/p",
  "http://[::1]:81/",
];

const pick = generator(3);
const one = <T>(list: readonly T[]): T => list[pick(list.length)]!;

function urlInput(): Input {
  const url = [SCHEMES, SLASHES, USERS, HOSTS, PORTS, PATHS, QUERIES, HASHES]
    .map((list) => one<string>(list))
    .join("");
  const base = one(BASES);
  // Most have what makes a whole URL; the rest leave pieces out.
  const text = pick(4) === 0 ? url.slice(pick(url.length), 1 + pick(url.length)) : url;
  return base === undefined ? { url: text } : { url: text, base };
}

describe("URL", () => {
  test("gives the members that this process gives, for 4,000 URLs", () => {
    const inputs = Array.from({ length: 4000 }, urlInput);
    expect(mismatches(inputs, ask("urls", inputs), inputs.map(membersOf))).toEqual([]);
  });

  test("setters do what those of this process do, for 2,000 values", () => {
    const members = [
      "href",
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "pathname",
      "search",
      "hash",
    ];
    const values = [
      ...SCHEMES,
      ...HOSTS,
      ...PATHS,
      ...QUERIES,
      ...HASHES,
      "81",
      "81a",
      "http",
      "user",
      "a:81",
      "a/b",
      "#x",
      "?y",
    ];
    const starts = ["https://user@example.com:8080/p?q#f", "file:///a/b", "a+b://h:1/p"];
    const inputs = Array.from({ length: 2000 }, () => ({
      url: one(starts),
      member: one(members),
      value: one(values),
    }));
    const expected = inputs.map(({ url, member, value }) =>
      attempt(() => {
        const parsed = new URL(url);
        Reflect.set(parsed, member, value);
        return parsed.href;
      }),
    );
    expect(mismatches(inputs, ask("change-url", inputs), expected)).toEqual([]);
  });
});
