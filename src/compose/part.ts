import { createHash } from "node:crypto";
import { ToolkitError } from "../errors/index.ts";
import {
  readManifest,
  type Json,
  type Manifest,
  type MiddlewareManifest,
  type ProviderManifest,
} from "../manifest/index.ts";
import { AUDIT, CREDENTIALS, HANDLER, PROVIDER } from "./contract.ts";
import { decodeComponent, type DecodedComponent } from "./decode-component.ts";
import { conflictBetween, trackOf, withoutVersion, type Interfaces } from "./interface.ts";

/** A component to compose, read and checked on its own. */
export interface Part<M = MiddlewareManifest | ProviderManifest> extends DecodedComponent {
  as: string;
  bytes: Uint8Array;
  manifest: M;
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string;
  /** The name under which it exports its role's interface. */
  role: string;
}

/** A middleware with its settings, which match its schema. */
export interface MiddlewarePart extends Part<MiddlewareManifest> {
  settings: Record<string, Json>;
  /** What `tenon:host/config` `settings` answers. */
  settingsText: string;
}

/** What a provider may not import beside the chain itself. */
const FORBIDDEN: Readonly<Record<string, { why: string; hint: string }>> = {
  [CREDENTIALS]: {
    why: "Only middleware sees the credential of a request",
    hint: `Read the verified caller from the context's "principal" instead, and authenticate in middleware`,
  },
  [AUDIT]: {
    why: "Only middleware records facts for the audit log",
    hint: "Write a log line instead, with ctx.log",
  },
};

/** Reads a provider and checks that it is one. */
export async function readProvider(
  as: string,
  bytes: Uint8Array,
  contract: Interfaces,
): Promise<Part<ProviderManifest>> {
  const part = await readPart(as, bytes, "provider", PROVIDER, contract);
  for (const forbidden of [CREDENTIALS, AUDIT, HANDLER, PROVIDER]) {
    const name = [...part.imports.keys()].find((each) => trackOf(each) === trackOf(forbidden));
    if (name === undefined) continue;
    throw new ToolkitError(`Cannot compose "${as}": it is a provider and imports "${name}"`, {
      code: "ERR_COMPOSE_FORBIDDEN_IMPORT",
      details: [FORBIDDEN[forbidden]?.why ?? "Only middleware calls the next part of the chain"],
      hint: FORBIDDEN[forbidden]?.hint ?? "Build it as middleware, or remove the import",
    });
  }
  return part;
}

/** Reads a middleware and checks that it is one. */
export async function readMiddleware(
  as: string,
  bytes: Uint8Array,
  contract: Interfaces,
): Promise<Part<MiddlewareManifest>> {
  const part = await readPart(as, bytes, "middleware", HANDLER, contract);
  if (![...part.imports.keys()].some((name) => trackOf(name) === trackOf(HANDLER))) {
    throw new ToolkitError(`Cannot compose "${as}": it is a middleware and does not import "${HANDLER}"`, {
      code: "ERR_COMPOSE_MISSING_INTERFACE",
      details: ["It would answer every request itself, and nothing behind it could be reached"],
      hint: `Call the next handler in "${as}", or build it as a provider`,
    });
  }
  const sees = [...part.imports.keys()].find((name) => trackOf(name) === trackOf(CREDENTIALS));
  if ((sees === undefined) !== (part.manifest.authenticates === undefined)) {
    throw new ToolkitError(
      `Cannot compose "${as}": ${sees === undefined ? "its manifest says that it authenticates, and it does not import" : "its manifest does not say that it authenticates, and it imports"} "${CREDENTIALS}"`,
      {
        code: "ERR_COMPOSE_FORBIDDEN_IMPORT",
        details: ["Only middleware that authenticates sees the credential of a request"],
        hint: `Build "${as}" with \`authenticates: {}\` if it authenticates callers`,
      },
    );
  }
  return part;
}

type ManifestOf<Kind> = Extract<Manifest, { kind: Kind }>;

async function readPart<Kind extends "middleware" | "provider">(
  as: string,
  bytes: Uint8Array,
  kind: Kind,
  role: string,
  contract: Interfaces,
): Promise<Part<ManifestOf<Kind>>> {
  const decoded = await naming(as, () => decodeComponent(bytes));
  const manifest = await naming(as, () => readManifest(bytes));
  if (manifest === undefined) {
    throw new ToolkitError(`Cannot compose "${as}": it has no manifest`, {
      code: "ERR_MANIFEST",
      hint: 'Build it with "tenon build", or add a "tenon:manifest" custom section',
    });
  }
  if (!isOfKind(manifest, kind)) throw wrongKind(as, manifest.kind, `a ${kind}`);
  checkContract(as, decoded, contract);
  return {
    ...decoded,
    as,
    bytes,
    manifest,
    digest: digestOf(bytes),
    role: exportedRole(as, decoded, role),
  };
}

/** `sha256:` and 64 hexadecimal digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function isOfKind<Kind extends Manifest["kind"]>(
  manifest: Manifest,
  kind: Kind,
): manifest is ManifestOf<Kind> {
  return manifest.kind === kind;
}

function wrongKind(as: string, kind: string, wanted: string): ToolkitError {
  const actual = kind === "core" ? "a composed server" : `a ${kind}`;
  return new ToolkitError(`Cannot compose "${as}" as ${wanted}: its manifest says it is ${actual}`, {
    code: "ERR_MANIFEST",
    hint:
      kind === "core"
        ? "Compose the components it was made of"
        : `List it under "${kind === "provider" ? "providers" : "middleware"}"`,
  });
}

/** The name of the export that makes the component what its manifest says. */
function exportedRole(as: string, { exports }: DecodedComponent, role: string): string {
  const exact = exports.find((name) => trackOf(name) === trackOf(role));
  if (exact !== undefined) return exact;
  const other = exports.find((name) => withoutVersion(name) === withoutVersion(role));
  const details = [`It exports ${exports.length === 0 ? "no interface" : exports.join(", ")}`];
  if (other !== undefined) throw otherVersion(as, "exports", other, role);
  throw new ToolkitError(`Cannot compose "${as}": it does not export "${role}"`, {
    code: "ERR_COMPOSE_MISSING_INTERFACE",
    details,
    hint: `Build it for a world that exports "${role}"`,
  });
}

/** Refuses imports of the contract that this version does not have, or has in another shape. */
function checkContract(as: string, { imports }: DecodedComponent, contract: Interfaces): void {
  for (const [name, of] of imports) {
    if (!name.startsWith("tenon:")) continue;
    const known = contract.get(trackOf(name));
    if (known === undefined) {
      const offered = [...contract.values()].find(
        (each) => withoutVersion(each.name) === withoutVersion(name),
      );
      throw otherVersion(as, "imports", name, offered?.name);
    }
    const missing = [...of.entries.keys()].find((entry) => !known.entries.has(entry));
    const different = missing ?? conflictBetween(of, known);
    if (different === undefined) continue;
    throw new ToolkitError(
      `Cannot compose "${as}": its import "${name}" is not the interface this version of tenon has`,
      {
        code: "ERR_COMPOSE_INTERFACE_MISMATCH",
        details: [
          missing === undefined ? `"${different}" has another type` : `"${different}" does not exist`,
        ],
        hint: `Rebuild "${as}" with this version of tenon`,
      },
    );
  }
}

function otherVersion(as: string, verb: string, name: string, offered: string | undefined): ToolkitError {
  return new ToolkitError(
    `Cannot compose "${as}": it ${verb} "${name}", and this version of tenon has ${offered === undefined ? "no such interface" : `"${offered}"`}`,
    { code: "ERR_COMPOSE_INTERFACE_MISMATCH", hint: `Rebuild "${as}" with this version of tenon` },
  );
}

/** Says which part an error is about. */
async function naming<T>(as: string, read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    throw new ToolkitError(`Cannot compose "${as}": ${error.message.replace(/^Cannot \w+ [^:]*: /, "")}`, {
      code: error.code,
      details: error.details,
      cause: error,
      hint: error.hint ?? "Name a component that was built for tenon",
    });
  }
}
