import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { HttpAnswer } from "../../src/protocol/index.ts";
import type { Limits } from "./limits/resolve-limits.ts";
import { plainAddress } from "./trusted-proxies.ts";

/** What {@link createAdmission} needs. */
export interface AdmissionOptions {
  limits: Limits["http"];
  /** Whether an address is that of a trusted proxy. */
  isTrusted: (address: string) => boolean;
  /** The answer to a request that there is no place for. */
  overloaded: () => HttpAnswer;
}

/** Says which connections and requests a server takes. It looks at nothing but their number and form. */
export interface Admission {
  /** Counts a connection; one too many of its peer is closed. */
  connect(socket: Socket): void;
  /** Counts a request that has arrived with its header fields. */
  enter(request: IncomingMessage, peer: string | undefined): Entry;
}

/** A request that was counted. */
export interface Entry {
  /** The answer to one that is not to be looked at. */
  readonly refusal: HttpAnswer | undefined;
  /** To be called once, when it is answered or gone. */
  leave(): void;
}

/** Closes the connection behind the answer: what follows on it is not to be read. */
const CLOSE: [string, string] = ["connection", "close"];
const MALFORMED: HttpAnswer = { status: 400, headers: [CLOSE], body: undefined };
const TOO_MANY_FIELDS: HttpAnswer = { status: 431, headers: [CLOSE], body: undefined };

/** Counts connections and requests of one server. */
export function createAdmission({ limits, isTrusted, overloaded }: AdmissionOptions): Admission {
  const { connectionsPerPeer, requestsPerConnection, headerFields } = limits;
  const connections = createCounter();
  /** Requests of peers behind trusted proxies, whose connections are the proxy's. */
  const proxied = createCounter();
  /** Requests in flight, by their connection. */
  const inFlight = new WeakMap<Socket, { count: number }>();

  function refusal({ rawHeaders, headers }: IncomingMessage, others: number): HttpAnswer | undefined {
    if (rawHeaders.length > 2 * headerFields) return TOO_MANY_FIELDS;
    // Repeated fields are joined by commas. What the host is must not depend on who reads it (RFC 9112, section 3.2).
    if (headers.host?.includes(",")) return MALFORMED;
    if (others < requestsPerConnection) return undefined;
    const answer = overloaded();
    return { ...answer, headers: [...answer.headers, CLOSE] };
  }

  return {
    connect(socket) {
      inFlight.set(socket, { count: 0 });
      const address = plainAddress(socket.remoteAddress ?? "");
      if (isTrusted(address)) return;
      const leave = connections.enter(network(address), connectionsPerPeer);
      if (leave) socket.once("close", leave);
      else socket.destroy();
    },
    enter(request, peer) {
      const { socket } = request;
      const connection = inFlight.get(socket)!;
      const refused = refusal(request, connection.count++);
      let leavePeer: (() => void) | undefined;
      const entry = (answer: HttpAnswer | undefined): Entry => ({
        refusal: answer,
        leave() {
          connection.count--;
          leavePeer?.();
        },
      });
      if (refused || peer === undefined || !isTrusted(socket.remoteAddress ?? "")) return entry(refused);
      leavePeer = proxied.enter(network(peer), connectionsPerPeer);
      return entry(leavePeer ? undefined : overloaded());
    },
  };
}

interface Counter {
  /** Counts one more, and gives what takes it back; nothing when there are as many as there may be. */
  enter(key: string, most: number): (() => void) | undefined;
}

function createCounter(): Counter {
  const counts = new Map<string, number>();
  return {
    enter(key, most) {
      const others = counts.get(key) ?? 0;
      if (others >= most) return undefined;
      counts.set(key, others + 1);
      return () => {
        const left = counts.get(key)! - 1;
        if (left === 0) counts.delete(key);
        else counts.set(key, left);
      };
    },
  };
}

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** The part of an address that one client has to itself: of IPv6 the first 64 bits, as anyone has all addresses behind them. */
function network(address: string): string {
  if (!address.includes(":")) return address;
  const [head = [], tail = []] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const zeros = Array.from({ length: Math.max(0, GROUPS - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(":");
}
