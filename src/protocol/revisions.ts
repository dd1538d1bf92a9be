/** Revisions with `initialize`, newest first. */
export const LEGACY_REVISIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/** Revisions in which every request describes itself, newest first. */
export const MODERN_REVISIONS: readonly string[] = ["2026-07-28"];

/** Every revision this server speaks, newest first. */
export const REVISIONS: readonly string[] = [...MODERN_REVISIONS, ...LEGACY_REVISIONS];

/** What a request without `MCP-Protocol-Version` speaks. */
export const UNSTATED_REVISION = "2025-03-26";

/** Ways of speaking MCP that differ on the wire. */
export type Era = "legacy" | "modern";

/** A request method. */
export interface Method {
  eras: readonly Era[];
  /** The member of `params` that names what the method addresses. */
  target?: "name" | "uri" | "ref" | "taskId";
  /** True for a list, which a cursor addresses a page of. */
  lists?: boolean;
  /** True when modern results carry `ttlMs` and `cacheScope`. */
  cacheable?: boolean;
  /** True when it asks to hear of changes. */
  subscribes?: boolean;
  /** True when this protocol core answers it, with an empty result. */
  answeredHere?: boolean;
  /** True when the client may be asked for something before the answer. */
  asks?: boolean;
}

const BOTH: readonly Era[] = ["legacy", "modern"];

/** Request methods that this server knows. */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["initialize", { eras: ["legacy"] }],
  ["ping", { eras: ["legacy"], answeredHere: true }],
  ["logging/setLevel", { eras: ["legacy"], answeredHere: true }],
  ["server/discover", { eras: ["modern"], cacheable: true }],
  ["tools/list", { eras: BOTH, cacheable: true, lists: true }],
  ["tools/call", { eras: BOTH, target: "name", asks: true }],
  ["resources/list", { eras: BOTH, cacheable: true, lists: true }],
  ["resources/templates/list", { eras: BOTH, cacheable: true, lists: true }],
  ["resources/read", { eras: BOTH, target: "uri", cacheable: true, asks: true }],
  ["resources/subscribe", { eras: ["legacy"], target: "uri", subscribes: true }],
  ["resources/unsubscribe", { eras: ["legacy"], target: "uri", subscribes: true }],
  ["subscriptions/listen", { eras: ["modern"], subscribes: true }],
  ["prompts/list", { eras: BOTH, cacheable: true, lists: true }],
  ["prompts/get", { eras: BOTH, target: "name", asks: true }],
  ["completion/complete", { eras: BOTH, target: "ref" }],
  ["tasks/get", { eras: ["modern"], target: "taskId" }],
  ["tasks/update", { eras: ["modern"], target: "taskId" }],
  ["tasks/cancel", { eras: ["modern"], target: "taskId" }],
]);
