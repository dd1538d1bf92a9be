import {
  changeNotification,
  CHANGING_LISTS,
  isOffered,
  type Changes,
  type Subscription,
  type Topic,
} from "./changes.ts";
import { DEFAULT_LEVEL, type LogLevel } from "./log-levels.ts";
import type { ClientText } from "./request-context.ts";
import type { Signal } from "./types.ts";

/** What a client before 2026-07-28 and this server remember of each other between HTTP requests. */
export interface Session {
  readonly id: string;
  /** The revision that `initialize` agreed on. */
  readonly protocolVersion: string;
  /** What the client said of itself. */
  readonly client: ClientText | undefined;
  /** The least severe level of log messages the client wants. */
  logLevel: LogLevel;
  /** What the client hears of, besides the lists. */
  readonly subscription: Subscription;
  /** The client is ready: from now on it hears of the lists. */
  ready(): void;
  /**
   * Sends what changed and what changes, with the place of each, until the signal is aborted, the session ends or the client
   * opens another stream. Never rejects.
   *
   * @param after The place the client has seen last.
   */
  stream(send: (notification: string, place: number) => void, after: number, signal: Signal): Promise<void>;
  /** The place of the last change that was sent. */
  readonly sent: number;
}

/** Who opens a session. */
export interface SessionOwner {
  /** The value of the `Authorization` field. Whoever uses the session must send the same. */
  authorization: string | undefined;
  peer: string | undefined;
}

/** The sessions of a server, whatever cores it serves. */
export interface Sessions {
  /** Opens a session. Nothing when there are too many, or the peer has its share. */
  open(
    owner: SessionOwner,
    about: { protocolVersion: string; client: ClientText | undefined },
  ): Session | undefined;
  /** A session that has not ended, for its owner. */
  find(id: string, authorization: string | undefined): Session | undefined;
  /** Ends a session, and its stream with it. */
  end(session: Session): void;
}

/** Options of {@link createSessions}. */
export interface SessionsOptions {
  changes: Changes;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now: () => number;
  /** Calls `action` once, later; gives what prevents it. */
  after(milliseconds: number, action: () => void): () => void;
  /** At least 128 random bits, in visible ASCII characters. */
  newId(): string;
  /** A digest of a credential, which is kept in its place. */
  digest: (text: string) => string;
  /** Time without a request or an open stream after which a session ends, in milliseconds. Default 1,800,000: 30 minutes. */
  idleMs?: number;
  /** Time after which a session ends in any case, in milliseconds. Default 86,400,000: 24 hours. */
  lifeMs?: number;
  /** Sessions at once. Default 10,000. */
  maxSessions?: number;
  /** UTF-16 units that clients say of themselves, of all sessions together. Default 16 Mi. */
  maxKeptLength?: number;
  /** Sessions of one peer at once. Default 100. */
  maxPerPeer?: number;
}

const DEFAULT_IDLE_MS = 30 * 60_000;
const DEFAULT_LIFE_MS = 24 * 60 * 60_000;
const DEFAULT_MAX_SESSIONS = 10_000;
const DEFAULT_MAX_PER_PEER = 100;
const DEFAULT_MAX_KEPT_LENGTH = 16 * 1024 * 1024;

/** Creates {@link Sessions}. */
export function createSessions(options: SessionsOptions): Sessions {
  const { changes, now, digest, idleMs = DEFAULT_IDLE_MS, lifeMs = DEFAULT_LIFE_MS } = options;
  const { maxSessions = DEFAULT_MAX_SESSIONS, maxPerPeer = DEFAULT_MAX_PER_PEER } = options;
  const { maxKeptLength = DEFAULT_MAX_KEPT_LENGTH } = options;
  /** Those used last come last. */
  const open = new Map<string, KeptSession>();
  const peers = new Map<string, number>();
  let keptLength = 0;

  function use(session: KeptSession): void {
    session.usedAt = now();
    // The stream of a session that ends is closed last.
    if (!open.delete(session.id)) return;
    open.set(session.id, session);
  }

  function end(session: KeptSession): void {
    if (!open.delete(session.id)) return;
    session.end();
    keptLength -= lengthOf(session);
    const left = peers.get(session.peer)! - 1;
    if (left === 0) peers.delete(session.peer);
    else peers.set(session.peer, left);
  }

  function hasEnded({ openedAt, usedAt, streams }: KeptSession): boolean {
    return now() >= openedAt + lifeMs || (!streams && now() >= usedAt + idleMs);
  }

  /** Ends what nobody asks for any more. */
  function sweep(): void {
    for (const session of open.values()) {
      if (hasEnded(session)) end(session);
      else if (session.streams) use(session);
      else break;
    }
  }

  return {
    open({ authorization, peer = "" }, about) {
      sweep();
      const own = peers.get(peer) ?? 0;
      const isFull = open.size >= maxSessions || own >= maxPerPeer;
      if (isFull || keptLength + lengthOf(about) > maxKeptLength) return undefined;
      keptLength += lengthOf(about);
      peers.set(peer, own + 1);
      const session = new KeptSession(options.newId(), changes, {
        ...about,
        peer,
        owner: digest(authorization ?? ""),
        openedAt: now(),
      });
      session.onStream = (isOpen) => {
        use(session);
        if (isOpen) session.stopAtEnd = options.after(session.openedAt + lifeMs - now(), () => end(session));
      };
      open.set(session.id, session);
      return session;
    },
    find(id, authorization) {
      const session = open.get(id);
      if (session === undefined || session.owner !== digest(authorization ?? "")) return undefined;
      if (hasEnded(session)) {
        end(session);
        return undefined;
      }
      use(session);
      return session;
    },
    end(session) {
      const kept = open.get(session.id);
      if (kept) end(kept);
    },
  };
}

function lengthOf({ client }: { client: ClientText | undefined }): number {
  return (client?.info?.length ?? 0) + (client?.capabilities?.length ?? 0);
}

class KeptSession implements Session {
  readonly id: string;
  readonly protocolVersion: string;
  readonly client: ClientText | undefined;
  readonly peer: string;
  /** Digest of the owner's credential. */
  readonly owner: string;
  readonly openedAt: number;
  readonly subscription: Subscription;
  logLevel: LogLevel = DEFAULT_LEVEL;
  usedAt: number;
  sent = 0;
  onStream: (isOpen: boolean) => void = () => {};
  stopAtEnd: () => void = () => {};
  readonly #changes: Changes;
  /** The place of each topic's last change, in their order. A topic is told once, however often it changed meanwhile. */
  readonly #changed = new Map<Topic, number>();
  #last = 0;
  #ended = false;
  #stream: { change: (topic: Topic) => void; end: () => void } | undefined;

  constructor(
    id: string,
    changes: Changes,
    about: {
      protocolVersion: string;
      client: ClientText | undefined;
      peer: string;
      owner: string;
      openedAt: number;
    },
  ) {
    this.id = id;
    this.protocolVersion = about.protocolVersion;
    this.client = about.client;
    this.peer = about.peer;
    this.owner = about.owner;
    this.openedAt = about.openedAt;
    this.usedAt = about.openedAt;
    this.#changes = changes;
    const heard = changes.subscribe((topic) => this.#change(topic));
    this.subscription = {
      add: (topic) => heard.add(topic),
      remove: (topic) => {
        heard.remove(topic);
        this.#changed.delete(topic);
      },
      end: () => heard.end(),
    };
  }

  get streams(): boolean {
    return this.#stream !== undefined;
  }

  ready(): void {
    for (const list of CHANGING_LISTS) {
      if (isOffered(list, this.#changes)) this.subscription.add(list);
    }
  }

  #change(topic: Topic): void {
    this.#changed.delete(topic);
    this.#changed.set(topic, ++this.#last);
    this.#stream?.change(topic);
  }

  stream(send: (notification: string, place: number) => void, after: number, signal: Signal): Promise<void> {
    // A client that lost its connection need not wait until the server has noticed.
    this.#stream?.end();
    if (signal.aborted || this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const change = (topic: Topic): void => {
        this.sent = this.#changed.get(topic)!;
        send(changeNotification(topic), this.sent);
      };
      const end = (): void => {
        signal.removeEventListener("abort", end);
        this.stopAtEnd();
        this.#stream = undefined;
        this.onStream(false);
        resolve();
      };
      this.#stream = { change, end };
      this.onStream(true);
      signal.addEventListener("abort", end, { once: true });
      for (const [topic, place] of this.#changed) {
        if (place > after) change(topic);
      }
    });
  }

  end(): void {
    this.#ended = true;
    this.#stream?.end();
    this.subscription.end();
  }
}
