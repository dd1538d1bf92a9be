import type { GrantedService, Grants } from "../manifest/index.ts";

/** One thing that a grant allows, for people. */
export interface GrantLine {
  service: GrantedService;
  /** What is reached: an origin, keys, names. */
  what: string;
  /** How, for an origin: methods, and prefixes of the path unless any path will do. */
  how?: string;
}

/** Grants as short lines, such as `https://api.example` with `GET|HEAD /v1/`. */
export function grantLines(grants: Grants): GrantLine[] {
  const { http = [], kv = [], config = [], secrets = [] } = grants;
  return [
    ...http.map(({ origin, methods = ["GET", "HEAD"], paths = [] }): GrantLine => ({
      service: "http",
      what: origin,
      how: [methods.join("|"), ...paths].join(" "),
    })),
    ...(kv.length > 0 ? [{ service: "kv" as const, what: kv.map((prefix) => `${prefix}*`).join(" ") }] : []),
    ...(config.length > 0 ? [{ service: "config" as const, what: config.join(" ") }] : []),
    ...secrets.map(({ name, header, origin }): GrantLine => ({
      service: "secrets",
      what: name,
      ...(header !== undefined && { how: `as ${header} to ${origin}` }),
    })),
  ];
}
