import { ToolkitError } from "../errors/index.ts";
import { readKeys } from "./read-keys.ts";

/**
 * Reads the key of an audit log: from the source an option names, else from `TENON_AUDIT_KEY`.
 *
 * @throws ToolkitError as {@link readKeys} says, and `ERR_CONFIG` when there are several: a log is written with one.
 */
export async function readAuditKey(
  command: "audit" | "serve",
  source: string | undefined,
): Promise<Uint8Array | undefined> {
  const option = command === "serve" ? "audit-key" : "key";
  const keys = await readKeys(source, { name: "audit key", command, option, variable: "TENON_AUDIT_KEY" });
  const [key, ...more] = keys ?? [];
  if (more.length === 0) return key;
  throw new ToolkitError(`Cannot use the audit key: there are ${more.length + 1} of them`, {
    code: "ERR_CONFIG",
    hint: "A log is written with one key; begin a new log with a new one",
  });
}
