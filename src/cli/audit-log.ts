import { logToStderr, openAuditLog, type LoadedCore, type LogSink } from "../../hosts/node/index.ts";
import { usageError, type Arguments } from "./arguments.ts";
import { readAuditKey } from "./audit-key.ts";

/** Where the audit log of a server goes. */
export interface AuditTarget {
  path: string;
  key: Uint8Array | undefined;
}

/**
 * Reads `--audit-log` and `--audit-key`, or their variables. Nothing when no file is named.
 *
 * @throws ToolkitError `ERR_USAGE` for a key without a file, and as {@link readAuditKey} says.
 */
export async function readAudit(values: Arguments["values"]): Promise<AuditTarget | undefined> {
  const path = (values["audit-log"] as string | undefined) ?? (process.env["TENON_AUDIT_LOG"] || undefined);
  const source = values["audit-key"] as string | undefined;
  if (path !== undefined) return { path, key: await readAuditKey("serve", source) };
  if (source !== undefined) throw usageError("serve", '"--audit-key" does not go without "--audit-log"');
  return undefined;
}

/** Opens the audit log of a server. Its lines go to stderr as well. */
export async function startAudit(
  { path, key }: AuditTarget,
  { digest, manifest }: LoadedCore,
): Promise<{ log: LogSink; close: () => Promise<void> }> {
  const auditLog = await openAuditLog(path, {
    server: manifest.name,
    core: digest,
    ...(key && { key }),
  });
  return {
    log(lines) {
      logToStderr(lines);
      auditLog.write(lines);
    },
    close: () => auditLog.close(),
  };
}
