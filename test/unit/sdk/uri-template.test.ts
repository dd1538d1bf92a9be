import { describe, expect, test } from "vitest";
import { parseUriTemplate } from "../../../src/sdk/uri-template.ts";

function match(template: string, uri: string): Record<string, string> | undefined {
  return parseUriTemplate(template).match(uri);
}

describe("match()", () => {
  test.for([
    ["notes://note/{id}", "notes://note/7", { id: "7" }],
    ["notes://note/{id}", "notes://note/a%20b%2Fc", { id: "a b/c" }],
    ["notes://note/{id}", "notes://note/caf%C3%A9", { id: "café" }],
    ["notes://{a}/{b}", "notes://x/y", { a: "x", b: "y" }],
    ["notes://{a,b}", "notes://x,y", { a: "x", b: "y" }],
    ["file:///{+path}", "file:///a/b.txt?x#y", { path: "a/b.txt?x#y" }],
    ["file:///{+path}.{ext}", "file:///a.tar.gz", { path: "a.tar", ext: "gz" }],
    ["doc:page{#section}", "doc:page#2", { section: "2" }],
    ["doc:page{.ext}", "doc:page.html", { ext: "html" }],
    ["doc:page{.a,b}", "doc:page.tar.gz", { a: "tar", b: "gz" }],
    ["doc:{root}{/a,b}", "doc:r/x/y", { root: "r", a: "x", b: "y" }],
    ["doc:map{;x,y}", "doc:map;x=1;y=2", { x: "1", y: "2" }],
    ["find://items{?q,page}", "find://items?q=a%26b&page=2", { q: "a&b", page: "2" }],
    ["find://items{?q,page}", "find://items?page=2&q=", { q: "", page: "2" }],
    ["find://items{?q,page}", "find://items", {}],
    ["find://items?fixed=1{&q}", "find://items?fixed=1&q=x", { q: "x" }],
    ["find://items?fixed=1{&q}", "find://items?fixed=1", {}],
    ["find://{kind}{?q}{&page}", "find://a?q=b&page=2", { kind: "a", q: "b", page: "2" }],
    ["find://{+path}{?q}", "find://a/b?q=x", { path: "a/b", q: "x" }],
    ["x:{__proto__}", "x:1", Object.fromEntries([["__proto__", "1"]])],
  ] as const)("%s takes %s", ([template, uri, values]) => {
    expect(match(template, uri)).toEqual(values);
  });

  test.for([
    ["notes://note/{id}", "notes://note/"],
    ["notes://note/{id}", "notes://note/a/b"],
    ["notes://note/{id}", "notes://note/a?b"],
    ["notes://note/{id}", "notes://note/%zz"],
    ["notes://note/{id}", "notes://note/%ff"],
    ["notes://note/{id}", "other://note/7"],
    ["notes://note/{id}/end", "notes://note/7/ended"],
    ["notes://{a,b}", "notes://x"],
    ["doc:map{;x,y}", "doc:map;y=2;x=1"],
    ["find://items{?q}", "find://items?r=1"],
    ["find://items{?q}", "find://items?q=1&q=2"],
    ["find://items{?q}", "find://items?q=1#top"],
    ["find://items{?q}", "find://items&q=1"],
  ] as const)("%s does not take %s", ([template, uri]) => {
    expect(match(template, uri)).toBeUndefined();
  });

  test("takes no URI of more than 8,192 characters", () => {
    expect(match("a:{+x}", `a:${"x".repeat(8190)}`)).toBeDefined();
    expect(match("a:{+x}", `a:${"x".repeat(8191)}`)).toBeUndefined();
  });

  test("does not go through all divisions of a URI that fits almost", () => {
    const variables = Array.from({ length: 32 }, (_, index) => `{+v${index}}-`).join("");
    expect(match(`a:${variables}end`, `a:${"x-".repeat(4000)}en`)).toBeUndefined();
    expect(match(`a:${variables}end`, `a:${"x-".repeat(4000)}end`)).toMatchObject({ v31: "x" });
  });
});

describe("parseUriTemplate() refuses", () => {
  test.for([
    ["{id}", "it is not absolute: it must start with a scheme, such as notes:"],
    ["/notes/{id}", "it is not absolute: it must start with a scheme, such as notes:"],
    ["notes://index", "it has no variable; define a resource instead"],
    ["notes://{id", "a { has no }"],
    ["notes://id}/{a}", "a } has no {"],
    ["notes://{a b}", "{a b} does not name variables of A-Z a-z 0-9 _ ."],
    ["notes://{}", "{} does not name variables of A-Z a-z 0-9 _ ."],
    ["notes://{a,}", "{a,} does not name variables of A-Z a-z 0-9 _ ."],
    ["notes://{!a}", "{!a} has no operator of RFC 6570"],
    [
      "notes://{a*}",
      "{a*} has a modifier, which leaves open what the value is; {+name} takes a path of any depth",
    ],
    [
      "notes://{a:3}",
      "{a:3} has a modifier, which leaves open what the value is; {+name} takes a path of any depth",
    ],
    ["notes://{a}/{a}", 'it has the variable "a" twice'],
    ["notes://{a}{b}", 'nothing separates the variable "b" from the one before it'],
    ["notes://x{?a}/b", "nothing but {&…} can follow {?…} and {&…}"],
    ["notes://x{?a}{?b}", "it has more than one {?…}"],
    ["notes://x{?a}{#b}", "nothing but {&…} can follow {?…} and {&…}"],
    ["notes://é/{a}", "it has characters that must be percent-encoded"],
    [`notes://${"a".repeat(2040)}{a}`, "it has more than 2048 characters"],
    [`notes://${Array.from({ length: 33 }, (_, i) => `{v${i}}/`).join("")}`, "it has more than 32 variables"],
  ] as const)("%s", ([template, message]) => {
    expect(() => parseUriTemplate(template)).toThrow(message);
  });
});
