import type { Principal } from "../../sdk/context.ts";
import type { Log } from "../../sdk/log.ts";
import { failure, RPC_ERROR, type Outcome, type Request } from "../../sdk/messages.ts";
import { isObject } from "../../sdk/tool-result.ts";
import { Journal, type CallFacts, type Surrounding } from "./journal.ts";
import { readState } from "./state.ts";

/** What may ask, by method (MCP, "Multi Round-Trip Requests"). */
const ASKING: Readonly<Record<string, string>> = {
  "prompts/get": "prompt",
  "resources/read": "resource",
  "tools/call": "tool",
};

interface Inputs {
  readonly principal?: Principal;
  readonly inputs?: { readonly responses?: unknown; readonly state?: unknown };
}

/**
 * The journal of a call, with what the client has answered so far; nothing for a method that may not ask. An outcome when
 * what was kept is of another caller, or is not what a journal writes.
 */
export function openJournal(
  context: string,
  { method, target }: Request,
  surrounding: Surrounding,
  log: Log,
): Journal | Outcome | undefined {
  if (!Object.hasOwn(ASKING, method)) return undefined;
  const { principal, inputs = {} } = JSON.parse(context) as Inputs;
  const { state, responses } = inputs;
  const caller: CallFacts["caller"] = principal && [principal.issuer, principal.subject];
  const kept = state === undefined || state === null ? undefined : readState(state);
  if (kept === undefined ? state !== undefined && state !== null : !isSame(kept.caller, caller)) {
    return failure(
      RPC_ERROR.invalidParams,
      kept === undefined
        ? "Invalid params: the state is not one of this server"
        : "Invalid params: the state is of another caller",
    );
  }
  const what = `${ASKING[method]} ${JSON.stringify(target ?? "")}`;
  return new Journal(
    { what, caller, state: kept, responses: isObject(responses) ? responses : {} },
    surrounding,
    log,
  );
}

function isSame(one: CallFacts["caller"], other: CallFacts["caller"]): boolean {
  return one?.[0] === other?.[0] && one?.[1] === other?.[1];
}
