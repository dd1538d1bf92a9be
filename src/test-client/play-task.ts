import type { TaskPhase } from "../sdk/context.ts";
import type { Outcome } from "../sdk/messages.ts";

/**
 * Plays a call as a host with tasks does: it is admitted first, and where the tool makes it a task, its work follows, whose
 * outcome the client would fetch.
 *
 * @param id Of the task, should there be one.
 */
export async function playTask(
  id: string,
  send: (task: TaskPhase | undefined) => Promise<Outcome>,
): Promise<Outcome> {
  const outcome = await send({ phase: "admit" });
  if (outcome.tag !== "success" || !outcome.val.includes('"resultType":"task"')) return outcome;
  const { resultType, admitted } = JSON.parse(outcome.val) as { resultType?: unknown; admitted?: unknown };
  return resultType === "task" ? send({ phase: "run", id, admitted }) : outcome;
}
