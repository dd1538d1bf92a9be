import { expect } from "vitest";
import { ToolkitError, type ErrorCode } from "../../src/errors/index.ts";
import { parseReference, pullComponent, type OciLimits, type PulledComponent } from "../../src/oci/index.ts";
import { REGISTRY_HOST, type FakeInternet } from "./hostile.ts";

/** What the tests ask a hostile registry for. */
export const REFERENCE = parseReference(`oci://${REGISTRY_HOST}/acme/notes:1.0.0`);

/** Pulls {@link REFERENCE}, or what the text names. */
export async function pull(
  internet: FakeInternet,
  { limits = {}, text }: { limits?: Partial<OciLimits>; text?: string } = {},
): Promise<PulledComponent> {
  return pullComponent(text === undefined ? REFERENCE : parseReference(text), {
    ...internet.options,
    limits: { ...internet.options.limits, ...limits },
  });
}

/** The one error that a person gets, after which nothing is left anywhere and no secret has left. */
export async function refused(
  internet: FakeInternet,
  run: () => Promise<unknown>,
  code: ErrorCode,
  text: RegExp,
): Promise<ToolkitError> {
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(ToolkitError);
  const error = outcome as ToolkitError;
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(text) as string,
  });
  expect(error.message).toMatch(/^Cannot \w+/);
  expect(error.message).not.toMatch(/[\p{Cc}]|\bat .*:\d+:\d+/u);
  nothingLeft(internet);
  return error;
}

/** No file outside the cache, none in it that is not what its name says, and no credentials elsewhere than at the registry. */
export function nothingLeft(internet: FakeInternet, trusted: readonly string[] = [REGISTRY_HOST]): void {
  expect(internet.strayFiles()).toEqual([]);
  expect(internet.brokenFiles()).toEqual([]);
  const secrets = internet.requests.filter(({ authorization }) => authorization !== undefined);
  expect(secrets.filter(({ host }) => !trusted.includes(host))).toEqual([]);
}
