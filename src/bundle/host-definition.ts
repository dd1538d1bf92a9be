import type { CoreManifest } from "../manifest/index.ts";
import type { ComponentResources } from "../wasm/index.ts";
import type { BundleInput, StateKeyPlace } from "./bundle.ts";
import type { JoinedGrants } from "./joined-grants.ts";
import type { CountedBudgets } from "./rate-counters.ts";

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
  /** A component without an engine that it imports from. Default none. */
  needs?: WatModule;
}

/** A component written by hand, without an engine. */
export interface WatModule {
  /** Path in `hosts/`, without `.wat`. */
  module: string;
  imports: readonly string[];
  exports: readonly string[];
  /** What stands in the text in place of names. Default nothing. */
  values?: Record<string, string>;
}

/** A service without an engine. */
export interface WatService {
  /** Its component, for what all parts of a core may use together. */
  wat: (grants: JoinedGrants) => WatModule;
}

/** Where the lines of the log go: a text that `wasi/services.wat` takes in. */
export interface LogSink {
  /** Path in `hosts/`, without `.wat`. */
  module: string;
  imports: readonly string[];
  /** What stands in the text in place of names. Default nothing. */
  values?: Record<string, string>;
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

/** What a store of keys can do, as `features` of `wit/deps/host/kv.wit`. */
export type StoreFeature = "persistent" | "swap";

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
  /** What the adapter exports: the entry point under the name it has in {@link HostDefinition.wit}, unless there is a front. */
  adapterExport: string;
  /** True for a host of `wasi:http`: then `wasmtime/front.wat` has the entry point, and `exchange` is what the adapter exports. */
  front?: boolean;
  /** What the host can lend, each by a module that exports an object of the service's name, or by a component without an engine. */
  services: Partial<Record<LentService, HostModule | WatService>>;
  /**
   * Where it can keep the key that seals states, and what reads it there as `tenon:adapter/state-key`, where the bundle says
   * so; `process` for a host that lives as long as its client: its variable or a random key. Default: nowhere.
   */
  stateKeys?: Partial<Record<StateKeyPlace, WatModule>> | "process";
  /** Where lines of the log go. Default: standard error. */
  log?: (input: BundleInput) => LogSink | undefined;
  /** Values, as JSON has them, that free identifiers of the services stand for, besides `GRANTS`. Default none. */
  constants?: (grants: JoinedGrants) => Record<string, unknown>;
  /** True when `TENON_AUTHORIZATION` of its environment is the credential of every call. Default false. */
  credential?: true;
  /** Bytes a request's content may have where the bundle does not say. Default 1 MiB. */
  maxBodyBytes?: number;
  /** What clients speak. Default `http`. */
  transport?: "stdio";
  /** What the store of keys can do that it lends. Nothing when it lends none, which is the default. */
  store?: (input: BundleInput) => readonly StoreFeature[] | undefined;
  /**
   * The host with a `kv` that keeps these budgets in its rate counters, and other keys as ever where there are any. Default: it has
   * no counters.
   */
  rateCounters?: (budgets: readonly CountedBudgets[], hasOtherKeys: boolean) => HostDefinition;
  /** True when it says from which address a request came. Default false. */
  peer?: true;
  /** The most of these it starts for one component. Default: any number. */
  maximum?: Partial<ComponentResources>;
  /** What keeps the core from running there, besides what it lacks of the above. Default nothing. */
  refuse?: (core: CoreManifest, input: BundleInput) => Refusal[];
  /** What goes beside the artifact, by name. */
  files: (core: CoreManifest, input: BundleInput) => Record<string, BundleFile>;
}
