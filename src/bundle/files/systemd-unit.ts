import type { CoreManifest } from "../../manifest/index.ts";
import type { BundleInput } from "../bundle.ts";
import type { GrantedValue } from "../granted-values.ts";

/**
 * A unit of systemd that runs a bundle as a user of its own, with nothing that wasmtime does not need. Machine code is made
 * at run time, which `MemoryDenyWriteExecute` would forbid.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
 */
export function systemdUnit(
  core: CoreManifest,
  { folder = `/opt/${core.name}` }: BundleInput,
  values: readonly GrantedValue[],
): string {
  const { name, version, middleware, providers } = core;
  const reachesOut = [...middleware, ...providers].some(({ grants }) => grants?.http !== undefined);
  const path = folder.replaceAll("%", "%%");
  return `# Copy the bundle to ${folder}, this file to /etc/systemd/system, and wasmtime to /usr/local/bin; then
#   systemctl daemon-reload && systemctl enable --now ${name}
[Unit]
Description=MCP server ${name} ${version}
After=network.target
${reachesOut ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}
[Service]
Type=exec
WorkingDirectory=${path}
ExecStart=/bin/sh ${path}/run.sh
Environment=TENON_ADDR=127.0.0.1:3000
Environment=TENON_COMPILED=%C/${name}/server.cwasm
${values.length === 0 ? "" : `# Readable by root alone: ${values.map(({ variable }) => variable).join(", ")}\nEnvironmentFile=/etc/${name}.env\n`}Restart=on-failure
CacheDirectory=${name}
CacheDirectoryMode=0700

DynamicUser=yes
UMask=0077
MemoryMax=1G
TasksMax=128
CapabilityBoundingSet=
NoNewPrivileges=yes
LockPersonality=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
${reachesOut ? "" : "IPAddressDeny=any\nIPAddressAllow=localhost\n"}
[Install]
WantedBy=multi-user.target
`;
}
