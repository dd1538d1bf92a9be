import { configVariable, secretVariable, type CoreManifest, type HttpGrant } from "../manifest/index.ts";

/** Something a part may read, and the environment variable that holds it where a host takes it from there. */
interface NamedVariable {
  name: string;
  variable: string;
}

/** What all parts of a core may use together: which part may do what is for the gates inside the core. */
export interface JoinedGrants {
  http: HttpGrant[];
  /** Prefixes of keys. */
  kv: string[];
  config: NamedVariable[];
  secrets: NamedVariable[];
}

/** The grants of all parts. */
export function joinedGrants({ middleware, providers }: CoreManifest): JoinedGrants {
  const grants = [...middleware, ...providers].map((part) => part.grants ?? {});
  return {
    http: grants.flatMap(({ http = [] }) => http),
    kv: unique(grants.flatMap(({ kv = [] }) => kv)),
    config: unique(grants.flatMap(({ config = [] }) => config)).map((name) => ({
      name,
      variable: configVariable(name),
    })),
    secrets: unique(grants.flatMap(({ secrets = [] }) => secrets.map(({ name }) => name))).map((name) => ({
      name,
      variable: secretVariable(name),
    })),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
