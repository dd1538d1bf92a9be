import { hash } from "node:crypto";

/**
 * What an instance of a core may serve: `call` one call; `credential` the calls of one credential; `shared` any call;
 * `process` the calls of one credential, in an operating system process of its own.
 */
export type Isolation = (typeof ISOLATIONS)[number];

/** The modes of isolation. */
export const ISOLATIONS = ["call", "credential", "shared", "process"] as const;

/** What holds unless another mode is asked for. */
export const DEFAULT_ISOLATION: Isolation = "credential";

/** The trust domain of all calls without a credential. No hash is empty. */
const ANONYMOUS = "anonymous";
const EVERYONE = "everyone";

/**
 * The key of the instances that may serve a call. It is made of the credential as it was sent, since who the caller is becomes
 * known only inside an instance. Absent: an instance that has served nothing, and will serve nothing else.
 *
 * @param authorization The value of the `authorization` field.
 */
export function isolationKey(isolation: Isolation, authorization: string | undefined): string | undefined {
  if (isolation === "call") return undefined;
  if (isolation === "shared") return EVERYONE;
  if (authorization === undefined) return ANONYMOUS;
  return hash("sha256", authorization, "base64url");
}
