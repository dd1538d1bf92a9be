import type { CoreManifest } from "../manifest/index.ts";
import { tomlString } from "./toml.ts";

/**
 * The manifest of a Fastly Compute service that is built already: the component lies in `bin/main.wasm`.
 *
 * @see https://www.fastly.com/documentation/reference/compute/fastly-toml/
 */
export function fastlyToml({ name, version, description }: CoreManifest): string {
  const about = description ?? `MCP server ${name} ${version}`;
  return `manifest_version = 3
name = ${tomlString(name)}
description = ${tomlString(about)}
language = "other"

[scripts]
build = "test -f bin/main.wasm"
`;
}
