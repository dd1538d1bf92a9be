// What Spin and SpinKube document of their manifests, as far as a bundle uses it: any other member fails.
// https://spinframework.dev/v3/manifest-reference and https://www.spinkube.dev/docs/reference/spin-app/

const text = { type: "string", minLength: 1 };
/** Words of letters and digits, each of which starts with a letter. */
const name = (between: string): object => ({ pattern: `^[a-z][a-z0-9]*(?:${between}[a-z][a-z0-9]*)*$` });

function table(properties: Record<string, object>, required = Object.keys(properties)): object {
  return { type: "object", properties, required, additionalProperties: false };
}

function tableOf(names: object, values: object): object {
  return { type: "object", propertyNames: names, additionalProperties: values };
}

function list(items: object): object {
  return { type: "array", items, uniqueItems: true };
}

/** `spin.toml`, version 2. A variable has a default or is required. */
export const SPIN_TOML = table(
  {
    spin_manifest_version: { const: 2 },
    application: table({ name: text, version: text, description: text }),
    variables: tableOf(
      name("_"),
      table({ required: { const: true }, secret: { type: "boolean" }, description: text }, ["required"]),
    ),
    trigger: table({ http: list(table({ route: { pattern: "^/" }, component: text })) }),
    component: tableOf(
      name("-"),
      table(
        {
          source: text,
          allowed_outbound_hosts: list({ pattern: "^https?://[^/{}*]+$" }),
          key_value_stores: list({ const: "default" }),
          variables: tableOf(name("_"), { pattern: "^\\{\\{ [a-z0-9_]+ \\}\\}$" }),
        },
        ["source"],
      ),
    ),
  },
  ["spin_manifest_version", "application", "trigger", "component"],
);

const reference = table({ name: text, key: text });

/** `core.spinkube.dev/v1alpha1`, kind `SpinApp`. */
export const SPIN_APP = table({
  apiVersion: { const: "core.spinkube.dev/v1alpha1" },
  kind: { const: "SpinApp" },
  metadata: table({ name: text }),
  spec: table(
    {
      image: text,
      executor: text,
      replicas: { type: "integer", minimum: 0 },
      resources: table({ limits: tableOf({ enum: ["memory"] }, { pattern: "^[0-9]+Mi$" }) }),
      variables: list(
        table({
          name: { type: "string", ...name("_") },
          valueFrom: {
            oneOf: [table({ configMapKeyRef: reference }), table({ secretKeyRef: reference })],
          },
        }),
      ),
    },
    ["image", "executor"],
  ),
});
