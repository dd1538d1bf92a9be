import { describe, expect, it } from "vitest";
import { formatReference, isOciReference, parseReference } from "../../../src/oci/index.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

describe("parseReference", () => {
  const read: [string, object][] = [
    [
      "oci://registry.example/acme/notes:1.0.0",
      { registry: "registry.example", repository: "acme/notes", tag: "1.0.0" },
    ],
    ["registry.example/notes", { registry: "registry.example", repository: "notes" }],
    [
      "Registry.Example:5000/a/b__c/d-e:T_1",
      { registry: "registry.example:5000", repository: "a/b__c/d-e", tag: "T_1" },
    ],
    ["localhost/x", { registry: "localhost", repository: "x" }],
    ["[::1]:5000/x", { registry: "[::1]:5000", repository: "x" }],
    [`registry.example/x@${DIGEST}`, { registry: "registry.example", repository: "x", digest: DIGEST }],
    [
      `registry.example/x:1@${DIGEST}`,
      { registry: "registry.example", repository: "x", tag: "1", digest: DIGEST },
    ],
  ];
  it.each(read)("reads %s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
    expect(parseReference(formatReference(parseReference(text)))).toEqual(reference);
  });

  const refused: [string, RegExp][] = [
    ["", /does not start with the host/],
    ["notes", /does not start with the host/],
    ["acme/notes:1", /does not start with the host/],
    ["oci:///notes", /does not start with the host/],
    ["https://registry.example/notes", /scheme is not "oci:\/\/"/],
    ["registry.example/", /the repository is not/],
    ["registry.example/Notes", /the repository is not/],
    ["registry.example/a//b", /the repository is not/],
    ["registry.example/../etc/passwd", /the repository is not/],
    ["registry.example/a/", /the repository is not/],
    ["registry.example/a%2fb", /the repository is not/],
    ["registry.example/x:", /the tag is not/],
    ["registry.example/x:-1", /the tag is not/],
    ["registry.example/x:a/b", /the tag is not/],
    [`registry.example/x:${"t".repeat(129)}`, /the tag is not/],
    ["registry.example/x@sha256:12", /not sha256: and 64 hex digits/],
    [`registry.example/x@${DIGEST.toUpperCase()}`, /not sha256: and 64 hex digits/],
    [`registry.example/x@${DIGEST}@${DIGEST}`, /more than one "@"/],
    ["ada:pw@registry.example/x", /not sha256/],
    ["registry.example:0/x", /does not start with the host/],
    ["registry.example:99999/x", /is not a host/],
    ["registry.example\n/x", /does not start with the host/],
    [`registry.example/${"a".repeat(300)}`, /more than 255 characters/],
    [`registry.example/${"a".repeat(2000)}`, /more than 1024 characters/],
  ];
  it.each(refused)("refuses %j", (text, state) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: "ERR_OCI_REFERENCE",
        message: expect.stringMatching(state) as string,
      }) as Error,
    );
  });

  it("takes for a reference only what says that it is one", () => {
    expect(isOciReference("oci://registry.example/x")).toBe(true);
    expect(isOciReference("registry.example/x")).toBe(false);
  });
});
