import type { Composition } from "../../src/compose/index.ts";
import type { Needs, Served } from "./hosts.ts";

/** Something that every host must do alike, tried through its public interface alone. */
export interface PortableCase {
  /** As the table of docs/portability.md names it. */
  name: string;
  /** The transport that has it; both when absent. */
  only?: "http" | "stdio";
  /** Throws where the host does otherwise. `key` is the host's in `HOSTS`. */
  run(host: Served, key: string): Promise<unknown>;
}

/** Cases that one running server is enough for. */
export interface CaseGroup {
  title: string;
  /** Composes the server; asked once for each file of tests. */
  core(): Promise<Composition>;
  /** Called once the servers of the group are stopped. */
  end?(): Promise<void>;
  needs?: Needs;
  /** False where the bytes depend on the machine, such as on a port. Default true. */
  hasDigest?: boolean;
  cases: readonly PortableCase[];
}
