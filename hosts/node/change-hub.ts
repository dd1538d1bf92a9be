import type { CoreManifest } from "../../src/manifest/index.ts";
import {
  CHANGING_LISTS,
  MAX_URIS,
  type Changes,
  type ChangingList,
  type Topic,
} from "../../src/protocol/index.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits/resolve-limits.ts";

/** UTF-16 units of the URIs that are subscribed to, by all clients together. */
export const MAX_KEPT_LENGTH = 16 * 1024 * 1024;

/** How long what changes again waits, in milliseconds: whoever hears of it is told no more often. */
const WINDOW_MS = 100;

/** What the changes of a server need. */
export interface ChangeHubOptions {
  /** Lists that the core in place has. */
  lists: () => ReadonlySet<ChangingList>;
  /** Streams of changes that may be open at once, and those of one peer. Default: the defaults. */
  streams?: Limits["streams"];
}

/** Where the changes of one server come in and its clients hear of them. It outlives cores. */
export function createChangeHub({
  lists,
  streams: limits = DEFAULT_LIMITS.streams,
}: ChangeHubOptions): Changes {
  const listeners = new Map<Topic, Set<(topic: Topic) => void>>();
  /** Changes since the window opened; nothing while none is open. */
  let waiting: Set<Topic> | undefined;
  const peers = new Map<string, number>();
  let streams = 0;
  let keptLength = 0;

  function tell(topic: Topic): void {
    for (const listener of listeners.get(topic) ?? []) listener(topic);
  }

  function openWindow(): void {
    const collected = new Set<Topic>();
    waiting = collected;
    setTimeout(() => {
      waiting = undefined;
      if (collected.size === 0) return;
      openWindow();
      for (const topic of collected) tell(topic);
    }, WINDOW_MS).unref();
  }

  return {
    get lists() {
      return lists();
    },
    publish(topic) {
      // What nobody hears of is not kept, so what waits is bounded by what is subscribed to.
      if (!listeners.has(topic)) return;
      if (waiting !== undefined) {
        waiting.add(topic);
        return;
      }
      openWindow();
      tell(topic);
    },
    subscribe(onChange) {
      const topics = new Set<Topic>();
      let uris = 0;
      let hasEnded = false;
      const remove = (topic: Topic): void => {
        if (!topics.delete(topic)) return;
        if (isResource(topic)) {
          uris--;
          keptLength -= topic.length;
        }
        const others = listeners.get(topic)!;
        others.delete(onChange);
        if (others.size === 0) listeners.delete(topic);
      };
      return {
        add(topic) {
          if (hasEnded) return false;
          if (topics.has(topic)) return true;
          if (isResource(topic)) {
            if (uris === MAX_URIS || keptLength + topic.length > MAX_KEPT_LENGTH) return false;
            uris++;
            keptLength += topic.length;
          }
          topics.add(topic);
          const others = listeners.get(topic);
          if (others) others.add(onChange);
          else listeners.set(topic, new Set([onChange]));
          return true;
        },
        remove,
        end() {
          hasEnded = true;
          for (const topic of topics) remove(topic);
        },
      };
    },
    enter(peer = "") {
      const own = peers.get(peer) ?? 0;
      if (streams >= limits.open || own >= limits.openPerPeer) return undefined;
      streams++;
      peers.set(peer, own + 1);
      return () => {
        streams--;
        const left = peers.get(peer)! - 1;
        if (left === 0) peers.delete(peer);
        else peers.set(peer, left);
      };
    },
  };
}

function isResource(topic: Topic): boolean {
  return topic.startsWith("resource:");
}

/** Lists that a core has. */
export function listsOf(core: CoreManifest): ReadonlySet<ChangingList> {
  return new Set(CHANGING_LISTS.filter((list) => entriesOf(core, list).length > 0 || isDynamic(core, list)));
}

/** Lists that may be others once one core has taken the place of another. */
export function changedLists(
  before: { digest: string; manifest: CoreManifest },
  after: { digest: string; manifest: CoreManifest },
): ChangingList[] {
  if (before.digest === after.digest) return [];
  return CHANGING_LISTS.filter(
    (list) =>
      isDynamic(before.manifest, list) ||
      isDynamic(after.manifest, list) ||
      JSON.stringify(entriesOf(before.manifest, list)) !== JSON.stringify(entriesOf(after.manifest, list)),
  );
}

function entriesOf(core: CoreManifest, list: ChangingList): readonly object[] {
  if (list === "tools") return core.tools;
  if (list === "prompts") return core.prompts ?? [];
  return [...(core.resources ?? []), ...(core.resourceTemplates ?? [])];
}

function isDynamic({ providers }: CoreManifest, list: ChangingList): boolean {
  return providers.some(
    ({ dynamic = [] }) =>
      dynamic.includes(list) || (list === "resources" && dynamic.includes("resourceTemplates")),
  );
}
