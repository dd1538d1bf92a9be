/** How a host differs, and why. */
export interface Difference {
  /** Why, as a sentence for docs/portability.md. */
  reason: string;
  /** What the failing case says. A host that fails otherwise, or no longer, fails the suite. */
  shows: RegExp;
  /** True where it is for chance whether it shows. Default false. */
  mayShow?: true;
}

const KEPT_INSTANCE = /^expected [2-9]\d* to be 1/;
const SHARED_INSTANCE = /expected \[ '1'.* to deeply equal \[/;
const RUNTIME_500 = /got no message, and status 500/;
const runtimeAnswers: Difference = {
  reason: "the runtime ends the instance and answers 500 itself, without a JSON-RPC error",
  shows: RUNTIME_500,
};
const processEnds: Difference = {
  reason: "the process is the instance, and ends with it; its client starts it again",
  shows: /the server has ended/,
};
const noRequests: Difference = {
  reason: "an instance ends with its request, so no request of the server can be answered by a later one",
  shows: /error -32603/,
};
const endsWithRequest = (shows: RegExp): Difference => ({
  reason: "it has no store: an instance, and what it keeps, ends with its request",
  shows,
});
const keepsForItself = (shows: RegExp): Difference => ({
  reason: "it has no store: each instance keeps for itself",
  shows,
  // Requests may happen to meet in one instance.
  mayShow: true,
});
/** Differences by case, or by group where its core is refused, and by the key of the host in `HOSTS`. */
export const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, Difference>>>> = {
  "callers do not share what a module keeps": {
    wasmtimeReuse: {
      reason: "that is what reuse means: nothing of a caller may be kept in a variable",
      shows: SHARED_INSTANCE,
    },
  },
  "what a module keeps is gone with the request": {
    node: {
      reason: "an instance serves many calls of one caller",
      shows: KEPT_INSTANCE,
    },
    nodeStdio: { reason: "all calls of a process are of one caller", shows: KEPT_INSTANCE },
    stdio: { reason: "all calls of a process are of one caller", shows: KEPT_INSTANCE },
    wasmtimeReuse: { reason: "that is what reuse means", shows: KEPT_INSTANCE },
  },
  "a tool that overflows the stack is an error of its call alone": {
    wasmtime: runtimeAnswers,
    wasmtimeReuse: runtimeAnswers,
    stdio: processEnds,
    fastly: runtimeAnswers,
    spin: runtimeAnswers,
  },
  "the host ends a tool that never returns, and the next call works": {
    wasmtime: runtimeAnswers,
    wasmtimeReuse: runtimeAnswers,
    stdio: processEnds,
    fastly: {
      reason: "Viceroy has no limit of its own; Fastly's platform has",
      shows: /no answer: TimeoutError/,
    },
    spin: { reason: "`spin up` has no limit", shows: /no answer: TimeoutError/ },
  },
  "a client before 2026-07-28 is asked by requests of the server": {
    wasmtime: noRequests,
    wasmtimeReuse: noRequests,
    fastly: noRequests,
    spin: noRequests,
    stdio: {
      reason: "it reads nothing while a call runs, so no request of the server can be answered",
      shows: /error -32603/,
    },
  },
  "`kv`: what a request keeps, all others find": {
    wasmtime: endsWithRequest(/^expected \[ 1, 1, /),
    // The sums, or, where one instance happened to count all of them, the value that another is asked for.
    wasmtimeReuse: keepsForItself(/^expected \[ (?:1, 1, |\{ gives: null \})/),
  },
  "`rate-limit` refuses what is over the limit, and says when to come back": {
    wasmtime: endsWithRequest(/^expected undefined to be -31429/),
  },
  "a limit holds for all requests together": {
    wasmtime: endsWithRequest(/^expected 8 to be 5/),
    wasmtimeReuse: keepsForItself(/^expected [678] to be 5/),
    fastly: {
      reason:
        "Viceroy's store looks, and then writes, so that two requests at the same moment can both spend what is left; Fastly's own does it in one step",
      shows: /^expected [678] to be 5/,
      mayShow: true,
    },
  },
  "`config`: a granted key that is set, one that is not, one that was not granted": {
    spin: {
      reason: "an application does not start before each granted key has a value",
      shows: /^expected \[ \{ gives: 'metric' \}, \{ gives: '' \}/,
    },
  },
  "foreign `Host` fields are refused": {
    fastly: {
      reason: "the platform decides by the host name which service a request reaches",
      shows: /evil\.example: expected 200 to be 403/,
    },
  },
  "1 MiB of content goes in, and 4 MiB come out": {
    fastly: { reason: "such a result does not fit the 128 MB of an instance", shows: RUNTIME_500 },
  },
  "a client that leaves, or cancels, ends its call": {
    stdio: {
      reason: "it reads nothing while a call runs, so a cancellation is read when the call is over",
      shows: /expected 'stayed' to be 'left'/,
    },
  },
};
