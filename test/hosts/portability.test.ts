import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../fixtures/tenon.ts";
import { GROUPS } from "./cases/groups.ts";
import { DIFFERENCES } from "./differences.ts";
import { HOSTS } from "./hosts.ts";
import { portabilityTables } from "./portability.ts";

const PAGE = join(ROOT, "docs", "portability.md");
const DIGEST = /sha256:[0-9a-f]{64}/g;

/** The page with the tables between its two marks. */
function withTables(page: string, digests: ReadonlyMap<string, string>): string {
  return page.replace(
    /(<!-- portability:.*?-->\n)[^]*?(<!-- end -->)/,
    (_, before: string, after: string) => `${before}\n${portabilityTables(digests)}\n\n${after}`,
  );
}

test("every declared difference is one of a case, or a group, and a host", () => {
  const known = new Set(GROUPS.flatMap(({ title, cases }) => [title, ...cases.map(({ name }) => name)]));
  expect(Object.keys(DIFFERENCES).filter((name) => !known.has(name))).toEqual([]);
  const keys = Object.values(DIFFERENCES).flatMap((each) => Object.keys(each));
  expect(keys.filter((key) => !(key in HOSTS))).toEqual([]);
});

test.runIf(process.env["BLESS"] === "1")(
  "docs/portability.md is written",
  async () => {
    const digests = new Map<string, string>();
    for (const group of GROUPS) {
      if (group.hasDigest !== false) digests.set(group.title, (await group.core()).digest);
    }
    writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8"), digests));
  },
  120_000,
);

test("docs/portability.md says what the suite tests; else run this file with BLESS=1", () => {
  const page = readFileSync(PAGE, "utf8");
  const written = new Map<string, string>();
  for (const { title } of GROUPS) {
    const section = page.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
    const [digest] = section.match(DIGEST) ?? [];
    if (digest !== undefined) written.set(title, digest);
  }
  expect(withTables(page, written)).toBe(page);
});
