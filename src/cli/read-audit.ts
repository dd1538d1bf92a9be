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
