import type { ComponentGraph, Definition } from "../wasm/index.ts";
import { HANDLER } from "./contract.ts";
import type { ClaimedLink } from "./fused.ts";
import { trackOf } from "./interface.ts";
import { BEHIND, generateMethodSwitch, SWITCHED } from "./method-switch.ts";
import { providerImport } from "./router.ts";
import { isSameCode } from "./same-code.ts";
import { ROUTER, switchOf } from "./wire-parts.ts";

/** An instance of one of the components inside a core. */
export type Instance = Definition & { from: "instantiate" };

/** The way of a request through a core, as its bytes have it. */
export interface FoundChain {
  /** The components of middleware, in the order a request passes them. */
  links: { as: string; instance: Instance }[];
  /** What the chain ends at; absent when that is no router. */
  router?: Instance;
  /** By the number the router knows them by. */
  providers: { as: string; instance: Instance | undefined }[];
  /** Where the manifest says something else of it, one sentence each. */
  mistakes: string[];
}

/**
 * Follows the wires of a core from its export to the router, and from there to the providers.
 *
 * @param claimed The chain as the manifest has it.
 */
export async function findChain(graph: ComponentGraph, claimed: readonly ClaimedLink[]): Promise<FoundChain> {
  const found: FoundChain = { links: [], providers: [], mistakes: [] };
  const { links, mistakes } = found;
  let at = instanceOf(graph.exports.get(HANDLER));
  while (at !== undefined && links.length <= graph.instantiated.length) {
    const name = nameOf(graph, at);
    if (name === ROUTER) {
      found.router = at;
      break;
    }
    const link: Instance | undefined = at.given.has(SWITCHED) ? instanceOf(at.given.get(SWITCHED)) : at;
    const as = nameOf(graph, link);
    const next = instanceOf(
      [...(link?.given ?? [])].find(([imported]) => trackOf(imported) === trackOf(HANDLER))?.[1],
    );
    const methods = claimed.find((each) => each.as === as)?.methods;
    const isSwitched = link !== at;
    if (isSwitched !== (methods !== undefined)) {
      mistakes.push(
        `The manifest says that "${as}" acts on ${methods === undefined ? "every method" : methods.join(", ")}, ` +
          `and in the bytes it acts on ${isSwitched ? "some methods alone" : "every method"}`,
      );
    } else if (
      methods !== undefined &&
      (name !== switchOf(as) ||
        instanceOf(at.given.get(BEHIND)) !== next ||
        !isSameCode(graph.components[at.component], await generateMethodSwitch(methods)))
    ) {
      mistakes.push(
        `What decides whether "${as}" sees a request is not what its methods in the manifest ask for`,
      );
    }
    if (link !== undefined) links.push({ as, instance: link });
    at = next;
  }
  const { router } = found;
  for (let i = 0; router?.given.has(providerImport(i)); i++) {
    const instance = instanceOf(router.given.get(providerImport(i)));
    found.providers.push({ as: nameOf(graph, instance), instance });
  }
  if (router === undefined) mistakes.push("The chain of the bytes does not end at a router");
  return found;
}

/** Instances that can be called, through whatever lies between, by who holds a definition and not by way of `barrier`. */
export function reachableWithout(barrier: Instance, from: Definition | undefined): Set<Instance> {
  const reached = new Set<Instance>();
  const waiting: (Definition | undefined)[] = [from];
  while (waiting.length > 0) {
    const next = waiting.pop();
    switch (next?.from) {
      case "instantiate":
        if (next === barrier || reached.has(next)) break;
        reached.add(next);
        waiting.push(...next.given.values());
        break;
      case "exports":
        waiting.push(...next.members.values());
        break;
      case "alias":
        waiting.push(next.of);
        break;
      default:
    }
  }
  return reached;
}

/** The instance of a component that a definition leads to. */
export function instanceOf(definition: Definition | undefined): Instance | undefined {
  const source = definition?.from === "alias" ? definition.of : definition;
  return source?.from === "instantiate" ? source : undefined;
}

export function nameOf({ names }: ComponentGraph, instance: Instance | undefined): string {
  return (instance && names.get(instance.component)) ?? "a component without a name";
}
