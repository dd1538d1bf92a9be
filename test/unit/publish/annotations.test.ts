import { describe, expect, it } from "vitest";
import { annotationsOf } from "../../../src/publish/annotations.ts";

describe("annotationsOf", () => {
  const sources: [unknown, string | undefined][] = [
    ["acme/notes", "https://github.com/acme/notes"],
    ["github:acme/notes", "https://github.com/acme/notes"],
    [{ type: "git", url: "git+https://git.example/acme/notes.git" }, "https://git.example/acme/notes"],
    ["git+ssh://git@git.example/acme/notes.git", "https://git.example/acme/notes"],
    ["https://ada:secret@git.example/acme/notes", "https://git.example/acme/notes"],
    ["file:///home/ada/notes", undefined],
    ["http://git.example/acme/notes", undefined],
    [{ url: 7 }, undefined],
    [null, undefined],
    ["", undefined],
  ];
  it.each(sources)("takes %j for the source, without what gives access to it", (repository, source) => {
    expect(annotationsOf(undefined, { repository })["org.opencontainers.image.source"]).toBe(source);
  });

  it("says licence and homepage where they are texts", () => {
    expect(annotationsOf(undefined, { license: "MIT", homepage: "https://acme.example" })).toEqual({
      "org.opencontainers.image.licenses": "MIT",
      "org.opencontainers.image.url": "https://acme.example",
    });
    expect(annotationsOf(undefined, { license: { type: "MIT" }, homepage: 7 })).toEqual({});
  });
});
