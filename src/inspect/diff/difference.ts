import type { DynamicList, GrantedService, Json } from "../../manifest/index.ts";
import type { Inspection } from "../inspection.ts";

/** How two components differ, old to new; `schema/diff.schema.json` describes the same as JSON. */
export interface Difference {
  /** Version of this format. Members may be added within a version, never changed or removed. */
  diffVersion: 1;
  old: Side;
  new: Side;
  /** What clients and models read of it. Empty when both look alike to them. */
  definitions: DefinitionChange[];
  /** What it may do, or asks for, and who may have it done. */
  capabilities: CapabilityChange[];
  /** Everything else worth knowing. */
  facts: FactChange[];
}

/** One of the two. */
export interface Side extends Pick<Inspection, "digest" | "kind" | "name" | "version"> {
  /** In bytes. */
  size: number;
}

/** One thing that clients see another way, or that is there for one of the two alone. */
export interface DefinitionChange {
  /** `server` is what a composed server says of itself. */
  list: DynamicList | "server";
  /** A name, URI or URI template; `*` for what is about the whole list. */
  name: string;
  change: "added" | "changed" | "removed";
  /** What of it; of an added or removed one all there is. */
  members: MemberChange[];
}

/** A value inside a definition. */
export interface MemberChange {
  /** Where, such as `inputSchema.properties.city.description`; with ` (order)` at its end, the order of names there. */
  at: string;
  /** Absent where it was not there. */
  old?: Json;
  /** Absent where it is not there any more. */
  new?: Json;
}

/** What a person allows a change of. */
export type Allowance = "capabilities" | "definitions";

/** One thing that a component may do, or may not do any more. */
export interface CapabilityChange {
  /** `changed`: which of the two it is cannot be told, so that it counts as widened. */
  change: "changed" | "narrowed" | "widened";
  /** What it is about. */
  kind:
    | GrantedService
    | "access"
    | "asks"
    | "chain"
    | "guard"
    | "import"
    | "kind"
    | "policy"
    | "scopes"
    | "unsafe";
  /** The part of a composed server. Absent: all of it. */
  part?: string;
  /** What, for people, such as `POST https://api.example/v1`. */
  what: string;
}

/** A fact that is another. */
export interface FactChange {
  /** Such as `version`, or `notes: engine` for that of a part. */
  what: string;
  /** Absent where there was none. */
  old?: string;
  /** Absent where there is none any more. */
  new?: string;
}
