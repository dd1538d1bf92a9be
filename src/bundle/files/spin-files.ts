import type { CoreManifest } from "../../manifest/index.ts";
import type { BundleInput } from "../bundle.ts";
import { describeValue, grantedValues, type GrantedValue } from "../granted-values.ts";
import type { BundleFile, Refusal } from "../host-definition.ts";
import { tomlString } from "../toml.ts";

/** The one component of the application. */
const COMPONENT = "server";

/** What Spin takes for the name of a variable: words, each of which starts with a letter. */
const VARIABLE = /^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*$/;

/** What goes beside a component for Spin, and for SpinKube where it is known which image holds the application. */
export function spinFiles(core: CoreManifest, input: BundleInput): Record<string, BundleFile> {
  const { image } = input;
  const values = grantedValues(core, input);
  return {
    "spin.toml": { text: spinToml(core, values) },
    ...(image !== undefined && { "spinapp.yaml": { text: spinApp(core, image, values) } }),
  };
}

/** The variable of a Spin application that holds a value, such as `tenon_config_max_age`. */
function spinVariable({ variable }: GrantedValue): string {
  return variable.toLowerCase();
}

/** Values whose names Spin has no variable for. */
export function refuseSpinVariables(core: CoreManifest, input: BundleInput): Refusal[] {
  return grantedValues(core, input)
    .filter((value) => !VARIABLE.test(spinVariable(value)))
    .map((value) => ({
      reason: `${describeValue(value)} has a name that no variable of Spin can have`,
      hint: "Name it by words of letters and digits that start with a letter, with single underscores, hyphens or dots between them",
    }));
}

/**
 * The manifest of the application, version 2. It lists what was granted and nothing else: what is not listed is denied.
 *
 * @see https://spinframework.dev/v3/manifest-reference
 */
function spinToml(core: CoreManifest, values: readonly GrantedValue[]): string {
  const { name, version, description, middleware, providers } = core;
  const grants = [...middleware, ...providers].flatMap((part) => part.grants ?? []);
  const origins = [...new Set(grants.flatMap(({ http = [] }) => http.map(({ origin }) => origin)))].sort();
  const hasStore = grants.some(({ kv }) => kv !== undefined);
  const lines = [
    "spin_manifest_version = 2",
    "",
    "[application]",
    `name = ${tomlString(name)}`,
    `version = ${tomlString(version)}`,
    `description = ${tomlString(description ?? `MCP server ${name} ${version}`)}`,
    ...(values.length === 0 ? [] : ["", "[variables]", ...values.map(variableLine)]),
    "",
    "[[trigger.http]]",
    'route = "/..."',
    `component = ${tomlString(COMPONENT)}`,
    "",
    `[component.${COMPONENT}]`,
    'source = "server.wasm"',
    `allowed_outbound_hosts = [${origins.map(tomlString).join(", ")}]`,
    ...(hasStore ? ['key_value_stores = ["default"]'] : []),
    ...(values.length === 0
      ? []
      : [
          "",
          `[component.${COMPONENT}.variables]`,
          ...values.map((value) => `${spinVariable(value)} = "{{ ${spinVariable(value)} }}"`),
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The application does not start before each has a value: a missing one would be an empty one. */
function variableLine(value: GrantedValue): string {
  const secret = value.kind === "config" ? "" : ", secret = true";
  return `${spinVariable(value)} = { required = true${secret}, description = ${tomlString(describeValue(value))} }`;
}

/**
 * The application in SpinKube. Its values come from a ConfigMap and a Secret of the cluster. YAML takes JSON for its texts.
 *
 * @see https://www.spinkube.dev/docs/reference/spin-app/
 */
function spinApp({ name }: CoreManifest, image: string, values: readonly GrantedValue[]): string {
  const variables = values.flatMap((value) => {
    const [kind, source] =
      value.kind === "config" ? ["configMapKeyRef", `${name}-config`] : ["secretKeyRef", `${name}-secrets`];
    return [
      `    - name: ${spinVariable(value)}`,
      "      valueFrom:",
      `        ${kind}:`,
      `          name: ${JSON.stringify(source)}`,
      `          key: ${value.variable}`,
    ];
  });
  const lines = [
    "apiVersion: core.spinkube.dev/v1alpha1",
    "kind: SpinApp",
    "metadata:",
    `  name: ${JSON.stringify(name)}`,
    "spec:",
    `  image: ${JSON.stringify(image)}`,
    "  executor: containerd-shim-spin",
    "  replicas: 1",
    "  resources:",
    "    limits:",
    "      memory: 512Mi",
    ...(variables.length === 0 ? [] : ["  variables:", ...variables]),
  ];
  return `${lines.join("\n")}\n`;
}
