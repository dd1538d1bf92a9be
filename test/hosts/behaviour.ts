import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GROUPS } from "./cases/groups.ts";
import { DIFFERENCES, type Difference } from "./differences.ts";
import { HOSTS, removeArtifacts, type Host, type Served } from "./hosts.ts";
import type { CaseGroup, PortableCase } from "./portable-case.ts";

/** Runs every case on hosts, one group after the other, so that a core is composed and compiled once for all of them. */
export function behaviourSuite(...keys: readonly string[]): void {
  const present = keys.filter((key) => {
    const { name, missing } = HOSTS[key]!;
    if (missing !== undefined) test.skip(`${name}: NOT RUN, ${missing}`, () => {});
    return missing === undefined;
  });
  if (present.length === 0) return;
  for (const group of GROUPS) {
    describe(group.title, () => {
      let core: Uint8Array;

      beforeAll(async () => {
        core = (await group.core()).bytes;
      });
      afterAll(() => group.end?.());

      for (const key of present) {
        const host = HOSTS[key]!;
        describe(host.name, () => groupOn(group, key, host, () => core));
      }
    });
  }
  afterAll(removeArtifacts);
}

function groupOn(group: CaseGroup, key: string, host: Host, core: () => Uint8Array): void {
  const refused = DIFFERENCES[group.title]?.[key];
  if (refused !== undefined) {
    test(`is refused: ${refused.reason}`, async () => {
      await differs(refused, async () => {
        const served = await host.start(core(), group.needs);
        await served.stop();
      });
    });
    return;
  }
  let served: Served;
  beforeAll(async () => {
    served = await host.start(core(), group.needs);
  });
  afterAll(() => served?.stop());
  for (const each of group.cases) caseOn(each, key, host, () => served);
}

function caseOn(each: PortableCase, key: string, host: Host, served: () => Served): void {
  const { name, only } = each;
  const run = (): Promise<unknown> => each.run(served(), key);
  if (only !== undefined && only !== host.transport) return;
  const difference = DIFFERENCES[name]?.[key];
  if (difference === undefined) test(name, run, CASE_MS);
  else {
    test(`${name}: not here, ${difference.reason}`, () => differs(difference, run), CASE_MS);
  }
}

const CASE_MS = 120_000;

/** Passes where something fails as it was declared to, always or by chance. */
async function differs({ shows, mayShow }: Difference, run: () => Promise<unknown>): Promise<void> {
  const failure = await run().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (failure === undefined) {
    if (mayShow !== true) expect.fail("the declared difference is none any more");
    return;
  }
  expect(failure).toMatch(shows);
}
