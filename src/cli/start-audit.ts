import { logToStderr, openAuditLog, type LoadedCore, type LogSink } from "../../hosts/node/index.ts";
import type { AuditTarget } from "./read-audit.ts";

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
