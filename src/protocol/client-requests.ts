import type { ResponseMessage } from "./message.ts";
import type { AskedMethod } from "./asked.ts";
import type { Signal } from "./types.ts";

/** A request for the client, with the key under which its answer is wanted. */
export interface ClientRequest {
  key: string;
  method: AskedMethod;
  params: Record<string, unknown> | undefined;
}

/** The way to the client whose request waits. */
export interface ClientLink {
  /** Who has to send the answers, as {@link ClientRequests.answer} is told; nothing where clients are not told apart. */
  owner: string | undefined;
  /** Sends a JSON-RPC message. */
  send(message: string): void;
}

/** What became of requests: all answers by their keys, as JSON text, or why they are not all there. */
export type ClientAnswers = { responses: string } | { failed: "unanswered" | "ended" | "too-many" };

/**
 * The requests that clients before 2026-07-28 have to answer while one of their own waits. It outlives cores: an answer
 * may arrive after another core took over.
 */
export interface ClientRequests {
  /** Sends requests and waits for all answers. It never rejects, and settles as soon as `signal` is aborted. */
  ask(requests: readonly ClientRequest[], link: ClientLink, signal: Signal): Promise<ClientAnswers>;
  /** Takes a response. One that nothing waits for, or that another than the owner sent, has no effect. */
  answer(response: ResponseMessage, owner: string | undefined): void;
}

/** Options of {@link createClientRequests}. */
export interface ClientRequestsOptions {
  /** Must be unguessable: where clients are not told apart, whoever knows the id of a request can answer it. */
  newId: () => string;
  /** Calls `action` once, later; gives what prevents it. */
  after: (milliseconds: number, action: () => void) => () => void;
  /** Time a client has for its answers, in milliseconds. Default 300,000, which is 5 minutes. */
  answerMs?: number;
  /** Requests of clients that may wait at once. Default 500. */
  maxWaiting?: number;
}

/** What is asked of one client at once. */
interface Round {
  owner: string | undefined;
  /** Ids of the requests without an answer, with their keys. */
  open: Map<string, string>;
  answers: string[];
  answered(): void;
}

const DEFAULT_ANSWER_MS = 300_000;
const DEFAULT_MAX_WAITING = 500;
/** UTF-16 units of one answer. */
const MAX_ANSWER_LENGTH = 512 * 1024;
/** UTF-16 units of the answers that wait for others, of all clients together. */
const MAX_KEPT_LENGTH = 32 * 1024 * 1024;

/** Creates {@link ClientRequests}. */
export function createClientRequests(options: ClientRequestsOptions): ClientRequests {
  const { newId, after, answerMs = DEFAULT_ANSWER_MS, maxWaiting = DEFAULT_MAX_WAITING } = options;
  /** Rounds that wait, by the ids of their open requests. */
  const waiting = new Map<string, Round>();
  let rounds = 0;
  let keptLength = 0;

  function wait(round: Round, signal: Signal): Promise<"answered" | "unanswered" | "ended"> {
    return new Promise((resolve) => {
      const end = (how: "answered" | "unanswered" | "ended"): void => {
        stopTimer();
        signal.removeEventListener("abort", onAbort);
        resolve(how);
      };
      const onAbort = (): void => end("ended");
      const stopTimer = after(answerMs, () => end("unanswered"));
      signal.addEventListener("abort", onAbort, { once: true });
      round.answered = () => end("answered");
    });
  }

  return {
    async ask(requests, link, signal) {
      if (signal.aborted) return { failed: "ended" };
      if (requests.length === 0) return { responses: "{}" };
      if (rounds >= maxWaiting) return { failed: "too-many" };
      const round: Round = { owner: link.owner, open: new Map(), answers: [], answered: () => {} };
      rounds++;
      const ended = wait(round, signal);
      for (const { key, method, params } of requests) {
        const id = newId();
        round.open.set(id, key);
        waiting.set(id, round);
        link.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      }
      const how = await ended;
      rounds--;
      for (const answer of round.answers) keptLength -= answer.length;
      if (how === "answered") return { responses: `{${round.answers.join()}}` };
      for (const requestId of round.open.keys()) {
        waiting.delete(requestId);
        const params = { requestId, reason: "The request that needs the answer has ended" };
        link.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }));
      }
      return { failed: how };
    },

    answer(response, owner) {
      const id = String(response.id);
      const round = waiting.get(id);
      if (round === undefined || round.owner !== owner) return;
      const key = round.open.get(id)!;
      waiting.delete(id);
      round.open.delete(id);
      const answer = `${JSON.stringify(key)}:${answerOf(response, MAX_KEPT_LENGTH - keptLength)}`;
      keptLength += answer.length;
      round.answers.push(answer);
      if (round.open.size === 0) round.answered();
    },
  };
}

/** What the component sees: the client's result, or `{ error }`. */
function answerOf(response: ResponseMessage, room: number): string {
  const text = response.answerText();
  if (text === undefined)
    return '{"error":{"code":-32600,"message":"The client\'s answer is not an object"}}';
  return text.length > Math.min(MAX_ANSWER_LENGTH, room)
    ? '{"error":{"code":-32600,"message":"The client\'s answer is too large"}}'
    : text;
}
