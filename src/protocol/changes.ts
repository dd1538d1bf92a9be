/** A list that clients can be told of when it changes. */
export type ChangingList = "tools" | "prompts" | "resources";

/** Something that changes: a list by its name, or the content of a resource as `resource:` and its URI. */
export type Topic = ChangingList | `resource:${string}`;

/** All lists that can change. */
export const CHANGING_LISTS: readonly ChangingList[] = ["tools", "prompts", "resources"];

/** URIs that one client, or one `subscriptions/listen`, may hear of. */
export const MAX_URIS = 256;
/** UTF-16 units that such a URI may have. */
export const MAX_URI_LENGTH = 2048;

/** What one client hears of. */
export interface Subscription {
  /**
   * Hears of a topic from now on. False when it hears of {@link MAX_URIS} resources already, all clients of too many, or
   * when it has ended.
   */
  add(topic: Topic): boolean;
  /** Hears of a topic no more. */
  remove(topic: Topic): void;
  /** Hears of nothing more. */
  end(): void;
}

/** Where changes come in and clients hear of them; it outlives cores. */
export interface Changes {
  /** Lists the server has: of others nobody can hear. Read when a client asks. */
  readonly lists: ReadonlySet<ChangingList>;
  /** Tells whoever hears of the topic. */
  publish(topic: Topic): void;
  /** Starts to hear of nothing yet. `onChange` is called for the same topic once in a short while at most. */
  subscribe(onChange: (topic: Topic) => void): Subscription;
  /**
   * Takes one of the places for streams that stay open, and gives what frees it. Nothing when all are taken, or the peer has
   * its share.
   */
  enter(peer: string | undefined): (() => void) | undefined;
}

/** True for a URI that can be a topic. */
export function isResourceUri(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_URI_LENGTH;
}

/** True when clients can hear of a topic. */
export function isOffered(topic: Topic, { lists }: Changes): boolean {
  return lists.has(topic.startsWith("resource:") ? "resources" : (topic as ChangingList));
}

/**
 * The notification for a change, as JSON on one line.
 *
 * @param subscription The id of the `subscriptions/listen` it goes to, as JSON; absent before 2026-07-28.
 */
export function changeNotification(topic: Topic, subscription?: string): string {
  const isList = !topic.startsWith("resource:");
  const members = [
    ...(subscription === undefined ? [] : [subscriptionMeta(subscription)]),
    ...(isList ? [] : [`"uri":${JSON.stringify(topic.slice("resource:".length))}`]),
  ];
  const params = members.length === 0 ? "" : `,"params":{${members.join()}}`;
  const method = isList ? `${topic}/list_changed` : "resources/updated";
  return `{"jsonrpc":"2.0","method":"notifications/${method}"${params}}`;
}

/** The member that says which `subscriptions/listen` a message belongs to. */
export function subscriptionMeta(subscription: string): string {
  return `"_meta":{"io.modelcontextprotocol/subscriptionId":${subscription}}`;
}

const LIST_CHANGED = /^notifications\/(tools|prompts|resources)\/list_changed$/;

/** The topic that a component's notification is about; nothing when it is malformed, `"none"` when it is about no change. */
export function topicOf(method: unknown, params: { uri?: unknown }): Topic | "none" | undefined {
  if (typeof method !== "string") return undefined;
  const list = LIST_CHANGED.exec(method);
  if (list) return list[1] as ChangingList;
  if (method !== "notifications/resources/updated") return "none";
  return isResourceUri(params.uri) ? `resource:${params.uri}` : undefined;
}
