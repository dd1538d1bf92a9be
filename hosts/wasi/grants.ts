import type { RequestGrant } from "../../src/http/covers-request.ts";

/** What a part may read, and the environment variable that holds it. */
interface NamedVariable {
  name: string;
  variable: string;
}

/** What all parts of a core may use together; each has a gate of its own in front. */
interface ServiceGrants {
  http: readonly RequestGrant[];
  kv: readonly string[];
  config: readonly NamedVariable[];
  secrets: readonly NamedVariable[];
}

/** A constant of the bundle. */
declare const GRANTS: ServiceGrants;

/** The second check, behind the gates inside the core. */
export const grants: ServiceGrants = GRANTS;
