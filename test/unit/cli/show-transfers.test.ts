import { expect, it } from "vitest";
import { showTransfers } from "../../../src/cli/show-transfers.ts";

const WHAT = `sha256:${"0".repeat(64)}`;

function shown(isTTY: boolean, steps: readonly [ms: number, doneBytes: number][]): string[] {
  const written: string[] = [];
  let ms = 0;
  const terminal = { isTTY, write: (text: string) => written.push(text) > 0 };
  const show = showTransfers(terminal, () => ms);
  for (const [at, doneBytes] of steps) {
    ms = at;
    show({ what: WHAT, doneBytes, totalBytes: 4_000_000 });
  }
  return written;
}

it("shows how far a transfer is on a terminal, once it takes more than a second", () => {
  const lines = shown(true, [
    [0, 1_000_000],
    [900, 1_500_000],
    [1100, 2_000_000],
    [1200, 2_000_000],
    [2000, 4_000_000],
  ]);
  expect(lines).toEqual([
    "\r\u001b[2Ksha256:000000000000 [############------------] 2.00 MB of 4.00 MB",
    "\r\u001b[2Ksha256:000000000000 [########################] 4.00 MB of 4.00 MB\n",
  ]);
});

it("shows nothing of a short transfer, nor where there is no terminal", () => {
  expect(
    shown(true, [
      [0, 0],
      [500, 4_000_000],
    ]),
  ).toEqual([]);
  expect(
    shown(false, [
      [0, 0],
      [5000, 4_000_000],
    ]),
  ).toEqual([]);
});
