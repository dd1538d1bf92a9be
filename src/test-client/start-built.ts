import { fileURLToPath } from "node:url";
import { compose } from "../compose/index.ts";
import { ToolkitError } from "../errors/index.ts";
import { createPool, loadCore } from "../../hosts/node/index.ts";
import {
  readManifest,
  type Grants,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import type { Middleware } from "../sdk/define-middleware.ts";
import type { Provider } from "../sdk/provider.ts";
import type { FakeServices } from "./fakes.ts";
import { loadBuilt } from "./load-built.ts";
import { accessOf, type UsedMiddleware } from "./in-memory.ts";
import type { Callers, Listeners, Server } from "./start-in-memory.ts";
import type { LogLine } from "./test-client.ts";

/** Where a component is: the path of a `.wasm`, or of its source, which is built. */
export type ComponentReference = string | URL;

/** A component, and what it may do. */
interface Part {
  readonly as: string;
  readonly bytes: Uint8Array;
  readonly grants: Grants;
}

/**
 * Composes components alone, with grants for what they declare and the fakes answer, and runs them on the Node host, on a
 * thread of its own.
 *
 * @throws ToolkitError for what does not build or compose, and for a component of another definition.
 */
export async function startBuilt(
  provider: { readonly definition: Provider; readonly component: ComponentReference },
  middleware: readonly (UsedMiddleware & { readonly component: ComponentReference })[],
  fakes: FakeServices,
  listeners: Listeners,
  { authorization, ...rules }: Callers,
): Promise<Server> {
  const owner = await loadPart(provider.definition, provider.component, fakes.grants);
  const wrappers = await Promise.all(
    middleware.map(async ({ definition, component, settings }) => ({
      ...(await loadPart(definition, component, fakes.grants)),
      settings: { ...settings },
    })),
  );
  const parts = [owner, ...wrappers];
  const { bytes } = await compose({
    name: provider.definition.name,
    version: provider.definition.version,
    access: accessOf(middleware),
    ...rules,
    providers: [owner],
    middleware: wrappers,
    grants: Object.fromEntries(parts.map(({ as, grants }) => [as, grants])),
  });
  const pool = await createPool(await loadCore(bytes), {
    workers: 1,
    isolation: "shared",
    services: fakes.services,
    log: (lines) => {
      for (const line of Buffer.from(lines).toString().split("\n")) {
        if (line !== "") listeners.onLog(JSON.parse(line) as LogLine);
      }
    },
  });
  return {
    handle(context, { id, method, target, params }, { deadlineMs, signal }) {
      const request = {
        id: id ?? undefined,
        method,
        target: target ?? undefined,
        params: params ?? undefined,
      };
      return pool.handle(context, request, {
        deadline: Date.now() + deadlineMs,
        ...(signal && { signal }),
        ...(authorization !== undefined && { authorization }),
        notify: listeners.onNotification,
      });
    },
    close: () => pool.close(),
  };
}

async function loadPart(
  definition: Provider | Middleware,
  component: ComponentReference,
  grants: Grants,
): Promise<Part> {
  const reference = component instanceof URL ? fileURLToPath(component) : component;
  const bytes = await loadBuilt(reference);
  const manifest = readManifest(bytes) as ProviderManifest | MiddlewareManifest | undefined;
  const { name, version } = definition;
  if (manifest?.name !== name || manifest.version !== version) {
    const actual =
      manifest === undefined ? "it has no manifest" : `it is ${manifest.name} ${manifest.version}`;
    throw new ToolkitError(`Cannot connect to "${reference}": ${actual}, not ${name} ${version}`, {
      code: "ERR_USAGE",
      hint: "Name the component that the definition is built into",
    });
  }
  const declared = new Set(manifest.capabilities.map(({ interface: id }) => id.slice("tenon:host/".length)));
  const granted = Object.entries(grants).filter(([service]) => declared.has(service));
  return { as: name, bytes, grants: Object.fromEntries(granted) };
}
