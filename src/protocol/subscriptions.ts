import { errorAnswer, resultAnswer, type Response } from "./answer.ts";
import type { Reply } from "./call.ts";
import {
  changeNotification,
  CHANGING_LISTS,
  isOffered,
  isResourceUri,
  MAX_URIS,
  subscriptionMeta,
  type Changes,
  type Subscription,
  type Topic,
} from "./changes.ts";
import { isObject, type RequestMessage } from "./message.ts";
import { unknownMethod, type Admitted, type Rejected } from "./request.ts";
import type { ResultShaper } from "./result-text.ts";
import { OWN, RPC } from "./rpc-error.ts";
import type { RpcError, Signal, Step, Wait } from "./types.ts";

/** Asks for a stream of changes since 2026-07-28. */
const LISTEN = "subscriptions/listen";

/** Members of the filter of `subscriptions/listen` that stand for a list. */
const LIST_MEMBERS = {
  tools: "toolsListChanged",
  prompts: "promptsListChanged",
  resources: "resourcesListChanged",
};

/** UTF-16 units of a filter, which is kept as long as its stream is open. */
const MAX_FILTER_LENGTH = 64 * 1024;

const NO_STREAM: RpcError = {
  code: RPC.invalidRequest,
  message: `Invalid request: "${LISTEN}" is answered with a stream of events, which Accept must name`,
};
const TOO_MANY_STREAMS: RpcError = {
  code: OWN.overload,
  message: "The server has too many open subscriptions, try again",
};
const TOO_MANY_URIS: RpcError = {
  code: RPC.invalidParams,
  message: `Invalid params: there are more than ${MAX_URIS} subscriptions to resources`,
};

/** What follows once the chain let a request for subscriptions pass. */
type Subscribing<Answer> = (response: Response) => Step<Answer>;

/** What is known of whoever asks. */
export interface Subscriber<Answer> {
  /** Absent where nobody can hear of changes. */
  changes: Changes | undefined;
  /** What this client hears of without a request; absent where it cannot be sent anything. */
  subscription: Subscription | undefined;
  shaper: ResultShaper;
  reply: Reply<Answer>;
  peer: string | undefined;
}

/** What follows on a request for subscriptions, or why there is none. */
export function subscribingTo<Answer>(
  { era }: Admitted,
  message: RequestMessage,
  subscriber: Subscriber<Answer>,
): Subscribing<Answer> | Rejected {
  const { changes, subscription, reply } = subscriber;
  if (era === "modern") {
    return changes === undefined ? unknownMethod(era) : listening(message, { ...subscriber, changes });
  }
  return subscription === undefined ? unknownMethod(era) : subscribing(message, subscription, reply);
}

/** On `subscriptions/listen` follows a stream of what was asked for. */
function listening<Answer>(
  message: RequestMessage,
  { changes, shaper, reply, peer }: Subscriber<Answer> & { changes: Changes },
): Subscribing<Answer> | Rejected {
  if ((message.paramText("notifications")?.length ?? 0) > MAX_FILTER_LENGTH)
    return badFilter("the filter is too long");
  const asked = askedTopics(message.params?.["notifications"]);
  if ("error" in asked) return asked;
  const id = message.id!;
  return () => {
    if (!reply.streams) return reply.answer(errorAnswer(406, id, NO_STREAM));
    const leave = changes.enter(peer);
    if (leave === undefined) return reply.answer(noPlace(id));
    const ended = `{${subscriptionMeta(id)}}`;
    const wait: Wait<Answer> = {
      async next(send, signal) {
        const tell = (text: string): void => send(reply.part(text)!);
        const subscription = changes.subscribe((topic) => tell(changeNotification(topic, id)));
        const honored = asked.filter((topic) => isOffered(topic, changes) && subscription.add(topic));
        tell(acknowledgement(id, honored));
        await aborted(signal);
        subscription.end();
        leave();
        return reply.answer(resultAnswer(id, shaper.modern(ended, false)!));
      },
    };
    return { kind: "wait", wait };
  };
}

/** The response where no further stream may stay open. */
export function noPlace(id: string): Response {
  return { ...errorAnswer(503, id, TOO_MANY_STREAMS), headers: [["retry-after", "60"]] };
}

function aborted(signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function askedTopics(filter: unknown): readonly Topic[] | Rejected {
  if (!isObject(filter)) return badFilter('"notifications" must be an object');
  const topics = new Set<Topic>();
  for (const list of CHANGING_LISTS) {
    const asked = filter[LIST_MEMBERS[list]];
    if (asked !== undefined && typeof asked !== "boolean") {
      return badFilter(`"${LIST_MEMBERS[list]}" must be true or false`);
    }
    if (asked === true) topics.add(list);
  }
  const uris = filter["resourceSubscriptions"] ?? [];
  if (!Array.isArray(uris) || !uris.every(isResourceUri)) {
    return badFilter('"resourceSubscriptions" must be a list of URIs');
  }
  if (uris.length > MAX_URIS) return { status: 200, error: TOO_MANY_URIS };
  for (const uri of uris) topics.add(`resource:${uri}`);
  return [...topics];
}

function badFilter(what: string): Rejected {
  return { status: 200, error: { code: RPC.invalidParams, message: `Invalid params: ${what}` } };
}

/** Says which topics the client will hear of. */
function acknowledgement(id: string, topics: readonly Topic[]): string {
  const uris = topics.flatMap((topic) =>
    topic.startsWith("resource:") ? [topic.slice("resource:".length)] : [],
  );
  const lists = CHANGING_LISTS.filter((list) => topics.includes(list));
  const honored = {
    ...Object.fromEntries(lists.map((list) => [LIST_MEMBERS[list], true])),
    ...(uris.length > 0 && { resourceSubscriptions: uris }),
  };
  return `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{${subscriptionMeta(id)},"notifications":${JSON.stringify(honored)}}}`;
}

/** On `resources/subscribe` and `resources/unsubscribe` of the revisions before 2026-07-28 follows their answer. */
function subscribing<Answer>(
  message: RequestMessage,
  subscription: Subscription,
  reply: Reply<Answer>,
): Subscribing<Answer> | Rejected {
  const uri = message.params?.["uri"];
  if (!isResourceUri(uri)) return badFilter('"uri" is not a URI, or too long');
  const topic: Topic = `resource:${uri}`;
  const id = message.id!;
  return (response) => {
    if (message.method === "resources/unsubscribe") subscription.remove(topic);
    else if (!subscription.add(topic)) return reply.answer(errorAnswer(200, id, TOO_MANY_URIS));
    return reply.answer(response);
  };
}
