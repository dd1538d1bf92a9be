import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { refuseVariables } from "../../../src/bundle/files/shell-script.ts";
import { refuseSpinVariables, spinFiles } from "../../../src/bundle/files/spin-files.ts";
import { stdioFiles } from "../../../src/bundle/files/stdio-files.ts";
import { wasmtimeFiles } from "../../../src/bundle/files/wasmtime-files.ts";
import type { BundleFile } from "../../../src/bundle/index.ts";
import type { CoreManifest, Grants } from "../../../src/manifest/index.ts";
import { findProgram } from "../../fixtures/programs.ts";

const systemd = findProgram("systemd-analyze", { optional: true });
const why = systemd.missing === undefined ? "" : `: NOT RUN, ${systemd.missing}`;

const toolchain = { sdk: "0.1.0", engine: { name: "quickjs", version: "0" } };

function core(grants: Grants = {}, more: Partial<CoreManifest> = {}): CoreManifest {
  const digest = `sha256:${"0".repeat(64)}`;
  return {
    manifestVersion: 1,
    kind: "core",
    name: "acme",
    version: "1.0.0",
    access: "public",
    policyDigest: digest,
    cache: { scope: "public", lists: {} },
    middleware: [],
    providers: [
      {
        as: "weather",
        name: "weather",
        version: "1.0.0",
        digest,
        capabilities: [],
        grants,
        toolchain,
        tools: [],
      },
    ],
    tools: [],
    stubs: [],
    ...more,
  };
}

const GRANTS: Grants = {
  http: [
    { origin: "https://b.example" },
    { origin: "https://a.example:8443" },
    { origin: "https://b.example" },
  ],
  kv: ["cache/"],
  config: ["max-age"],
  secrets: [{ name: "WEATHER_KEY" }],
};
const input = { core: new Uint8Array() };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenon-files-"));
  // Stands for wasmtime: prints what it is given, and compiles to nothing.
  const program =
    '#!/bin/sh\nif [ "$1" = compile ]; then while [ "$1" != -o ]; do shift; done; : > "$2"; exit; fi\necho "$@"\n';
  writeFileSync(join(folder, "fake"), program, { mode: 0o755 });
  writeFileSync(join(folder, "server.wasm"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script of a bundle with that program. */
function run(
  files: Record<string, BundleFile>,
  env: NodeJS.ProcessEnv = {},
): { flags: string; stderr: string } {
  writeFileSync(join(folder, "run.sh"), files["run.sh"]!.text, { mode: 0o755 });
  const { stdout, stderr } = spawnSync("/bin/sh", [join(folder, "run.sh")], {
    env: { PATH: process.env["PATH"], WASMTIME: "./fake", ...env },
    encoding: "utf8",
  });
  return { flags: stdout.trim(), stderr };
}

function unit(grants?: Grants): string {
  const files = wasmtimeFiles(core(grants), { ...input, host: "wasmtime", folder: "/srv/acme" });
  return files["acme.service"]!.text;
}

describe("run.sh for wasmtime", () => {
  test("without a grant listens on the loopback interface, with limits, and gives no environment", () => {
    const { flags, stderr } = run(wasmtimeFiles(core(), { ...input, host: "wasmtime" }));
    expect(flags).toBe(
      "serve --addr 127.0.0.1:3000 -W timeout=10000ms -W max-memory-size=67108864 --max-instance-reuse-count 1 --no-logging-prefix server.wasm",
    );
    expect(stderr).toBe("");
  });

  test("hands on the variables that were granted, by name, and says which are not set", () => {
    const files = wasmtimeFiles(core(GRANTS), { ...input, host: "wasmtime", http: { deadlineMs: 500 } });
    const { flags, stderr } = run(files, { TENON_SECRET_WEATHER_KEY: "s3cret", TENON_ADDR: "127.0.0.1:0" });
    expect(flags).toBe(
      "serve --addr 127.0.0.1:0 -W timeout=500ms -W max-memory-size=67108864 -S cli --env TENON_CONFIG_MAX_AGE --env TENON_SECRET_WEATHER_KEY --max-instance-reuse-count 1 --no-logging-prefix server.wasm",
    );
    expect(stderr).toBe("Warning: TENON_CONFIG_MAX_AGE is not set\n");
  });

  test("takes instances from a pool, uses them again and starts from machine code, where it is told to", () => {
    const compiled = join(folder, "server.cwasm");
    const env = { TENON_POOLING: "y", TENON_REUSE: "9", TENON_COMPILED: compiled };
    const { flags } = run(wasmtimeFiles(core(), { ...input, host: "wasmtime" }), env);
    expect(flags).toContain("-O pooling-allocator=y");
    expect(flags).toMatch(/ --allow-precompiled --max-instance-reuse-count 9 --no-logging-prefix .+\.cwasm$/);
  });

  test("the unit of systemd denies what is not needed; the network as well where nothing was granted", () => {
    expect(unit()).toContain("ExecStart=/bin/sh /srv/acme/run.sh\n");
    expect(unit()).toContain("IPAddressDeny=any\n");
    expect(unit()).not.toContain("EnvironmentFile");
    expect(unit(GRANTS)).not.toContain("IPAddressDeny");
    expect(unit(GRANTS)).toContain("EnvironmentFile=/etc/acme.env\n");
  });

  test.skipIf(systemd.missing !== undefined)(
    `systemd-analyze finds nothing wrong with the unit${why}`,
    () => {
      for (const grants of [undefined, GRANTS]) {
        const path = join(folder, "acme.service");
        writeFileSync(path, unit(grants));
        const { status, stdout, stderr } = spawnSync(systemd.path!, ["verify", "--man=no", path], {
          encoding: "utf8",
        });
        expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
      }
    },
  );

  test("the container is pinned, and its user is not root", () => {
    const { text } = wasmtimeFiles(core(GRANTS), { ...input, host: "wasmtime" })["Containerfile"]!;
    expect(text).toContain("ARG WASMTIME=48.0.8\n");
    expect(text).toContain("USER 65534:65534\n");
    expect(text).toContain("-e TENON_CONFIG_MAX_AGE -e TENON_SECRET_WEATHER_KEY acme\n");
  });
});

test.each(["a;reboot", "a b", "$(id)", "a\nb", "\u00fc"])(
  "the key %j, which would be code in a script, is refused",
  (key) => {
    expect(refuseVariables(core({ config: [key] }), { ...input, host: "wasmtime" })).toMatchObject([
      { hint: "Name it by letters, digits, underscores, hyphens and dots" },
    ]);
    expect(refuseVariables(core({ config: ["max-age.s"] }), { ...input, host: "wasmtime" })).toEqual([]);
  },
);

describe("files for stdio", () => {
  test("run.sh gives the server what was granted and the credential of its requests", () => {
    const authenticated = core(GRANTS, { access: "authenticated" });
    const { flags } = run(stdioFiles(authenticated, { ...input, host: "stdio" }));
    expect(flags).toBe(
      "run -W max-memory-size=67108864 -S http --env TENON_CONFIG_MAX_AGE --env TENON_SECRET_WEATHER_KEY --env TENON_AUTHORIZATION server.wasm",
    );
    expect(run(stdioFiles(core(), { ...input, host: "stdio" })).flags).toBe(
      "run -W max-memory-size=67108864 server.wasm",
    );
  });

  test("client.json has the command of the server", () => {
    const files = stdioFiles(core(), { ...input, host: "stdio", folder: "/home/me/bundle" });
    expect(JSON.parse(files["client.json"]!.text)).toEqual({
      mcpServers: { acme: { command: "/bin/sh", args: ["/home/me/bundle/run.sh"] } },
    });
  });
});

describe("files for Spin", () => {
  test("spin.toml lists what was granted, and nothing else", () => {
    expect(spinFiles(core(GRANTS), { ...input, host: "wasmtime" })["spin.toml"]!.text)
      .toBe(`spin_manifest_version = 2

[application]
name = "acme"
version = "1.0.0"
description = "MCP server acme 1.0.0"

[variables]
tenon_config_max_age = { required = true, description = "the configuration key \\"max-age\\" of weather" }
tenon_secret_weather_key = { required = true, secret = true, description = "the secret \\"WEATHER_KEY\\" of weather" }

[[trigger.http]]
route = "/..."
component = "server"

[component.server]
source = "server.wasm"
allowed_outbound_hosts = ["https://a.example:8443", "https://b.example"]
key_value_stores = ["default"]

[component.server.variables]
tenon_config_max_age = "{{ tenon_config_max_age }}"
tenon_secret_weather_key = "{{ tenon_secret_weather_key }}"
`);
    const nothing = spinFiles(core(), { ...input, host: "wasmtime" })["spin.toml"]!.text;
    expect(nothing).toMatch(/\nallowed_outbound_hosts = \[\]\n$/);
    expect(nothing).not.toContain("variables");
  });

  test("spinapp.yaml takes values from the cluster, where the image is known", () => {
    expect(spinFiles(core(), { ...input, host: "wasmtime" })).not.toHaveProperty("spinapp.yaml");
    const image = "registry.example/acme:1.0.0";
    const { text } = spinFiles(core(GRANTS), { ...input, host: "wasmtime", image })["spinapp.yaml"]!;
    expect(parseYaml(text)).toEqual({
      apiVersion: "core.spinkube.dev/v1alpha1",
      kind: "SpinApp",
      metadata: { name: "acme" },
      spec: {
        image,
        executor: "containerd-shim-spin",
        replicas: 1,
        resources: { limits: { memory: "512Mi" } },
        variables: [
          {
            name: "tenon_config_max_age",
            valueFrom: { configMapKeyRef: { name: "acme-config", key: "TENON_CONFIG_MAX_AGE" } },
          },
          {
            name: "tenon_secret_weather_key",
            valueFrom: { secretKeyRef: { name: "acme-secrets", key: "TENON_SECRET_WEATHER_KEY" } },
          },
        ],
      },
    });
  });

  test.each(["a b", "a--b", "a_", "1st", "a.2"])(
    "the key %j, which no variable of Spin can have, is refused",
    (key) => {
      expect(refuseSpinVariables(core({ config: [key] }), { ...input, host: "wasmtime" })).toMatchObject([
        { reason: `the configuration key "${key}" of weather has a name that no variable of Spin can have` },
      ]);
    },
  );
});
