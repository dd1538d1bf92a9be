import { ToolkitError } from "../errors/index.ts";
import type { AppliedRequirement, CoreManifest } from "../manifest/index.ts";
import { orderMistake, type Link } from "./order.ts";
import type { MiddlewarePart } from "./part.ts";

/**
 * Refuses a chain that does not keep its promise about access.
 *
 * @throws {@link ToolkitError} `ERR_COMPOSE_ACCESS` when it authenticates nobody or too often, `ERR_COMPOSE_ORDER` when
 * middleware stands in the wrong place.
 */
export function checkOrder(
  name: string,
  access: CoreManifest["access"],
  middleware: readonly MiddlewarePart[],
  requirements: readonly (readonly AppliedRequirement[])[],
): void {
  const chain = middleware.map(({ as, manifest: { authenticates, methods } }, i): Link => ({
    as,
    ...(authenticates && { authenticates }),
    ...(methods && { methods }),
    requires: [...requirements[i]!],
  }));
  const mistake = orderMistake(access, chain);
  if (mistake === undefined) return;
  const { text, hint, index, better } = mistake;
  throw new ToolkitError(`Cannot compose "${name}" with access "${access}": ${lowerFirst(text)}`, {
    code: better === undefined ? "ERR_COMPOSE_ACCESS" : "ERR_COMPOSE_ORDER",
    details: [
      `The chain: ${chainText(chain.map(({ as }) => as))}`,
      ...(better === undefined ? [] : [`One that would do: ${chainText(better)}`]),
    ],
    hint,
    at: index === undefined ? ["access"] : ["middleware", index],
  });
}

function chainText(names: readonly string[]): string {
  return [...names, "router"].join(" -> ");
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
