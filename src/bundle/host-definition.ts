import type { CoreManifest } from "../manifest/index.ts";
import type { BundleInput } from "./bundle.ts";

/** What a host lends to a core, each by one interface of the contract. */
export type LentService = "config" | "http" | "kv" | "outbox" | "secrets";

/** A module of `hosts/` that becomes part of a bundle. */
export interface HostModule {
  /** Path in `hosts/`, without its ending. */
  module: string;
  /** Interfaces it imports, besides those of the contract that everything in a bundle may import. */
  imports: readonly string[];
  /** Interfaces it exports besides the one it is for. Default none. */
  exports?: readonly string[];
}

/** A file beside the artifact. */
export interface BundleFile {
  text: string;
  /** True for a program. Default false. */
  executable?: boolean;
}

/** Why a core cannot run on a host as it is. */
export interface Refusal {
  /** What the host lacks, and who needs it. */
  reason: string;
  /** The way out. */
  hint: string;
}

/** A host that bundles are made for. */
export interface HostDefinition {
  /** The interface the host calls. */
  entryPoint: string;
  /** Name of the artifact, relative to the output folder. */
  artifact: string;
  /** The command that runs it, in the folder of the bundle. */
  run: string;
  /** Files of WIT in `hosts/`, besides what all share. */
  wit: readonly string[];
  /** Exports `createAdapter`, whose result has the entry point by its name in camel case. */
  adapter: HostModule;
  /** The entry point under the name it has in {@link HostDefinition.wit}. */
  adapterExport: string;
  /** What the host can lend, each by a module that exports an object of the service's name. */
  services: Partial<Record<LentService, HostModule>>;
  /**
   * What seals states: `TENON_STATE_KEY` of its environment, where the bundle says so; or of a host that lives as long as its
   * client, that variable or a random key. Default: nothing.
   */
  stateKey?: "environment" | "process";
  /** True when `TENON_AUTHORIZATION` of its environment is the credential of every call. Default false. */
  credential?: true;
  /** What clients speak. Default `http`. */
  transport?: "stdio";
  /** What keeps the core from running there. Default nothing. */
  refuse?: (core: CoreManifest, input: BundleInput) => Refusal[];
  /** What goes beside the artifact, by name. */
  files: (core: CoreManifest, input: BundleInput) => Record<string, BundleFile>;
}
