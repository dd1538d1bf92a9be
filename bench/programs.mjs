// Finds the runtimes that some cases need.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** The path of a program on PATH or in cargo's folder; nothing when it is not installed. */
export function findProgram(name) {
  const candidates = [name, join(homedir(), ".cargo", "bin", name)];
  return candidates.find((path) => spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0);
}
