import { findLimitsProblems, type LimitsInput } from "../../hosts/node/limits/resolve-limits.ts";
import type { JsonFileKind } from "../project/index.ts";

const LIMITS: JsonFileKind = {
  what: "limits",
  code: "ERR_CONFIG",
  findProblems: findLimitsProblems,
  hint: "schema/limits.schema.json of this package lists every member",
};

/**
 * Reads the limits of a server from the file `--limits` names, else from the one `TENON_LIMITS` names. Nothing where there is none.
 *
 * @throws ToolkitError `ERR_CONFIG` with the line of each member that is unknown or not what it must be; `ERR_FILE` when the file
 * cannot be read.
 */
export async function readLimits(option: string | undefined): Promise<LimitsInput | undefined> {
  const path = option ?? process.env["TENON_LIMITS"];
  if (path === undefined || path === "") return undefined;
  const { readJsonFile } = await import("../project/index.ts");
  const { value } = await readJsonFile(path, LIMITS);
  const { $schema: _, ...limits } = value as LimitsInput & { $schema?: unknown };
  return limits;
}
