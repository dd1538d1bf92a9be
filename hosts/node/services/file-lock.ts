import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { ToolkitError } from "../../../src/errors/index.ts";

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  /** When the process started, as the system counts; absent where it does not tell. */
  start?: string;
  /** Of this lock alone. */
  id: string;
}

/** The ids of locks this process holds. */
const held = new Set<string>();
const ATTEMPTS = 3;

/**
 * Makes this process the only one of this machine that uses a file, by a file beside it. A lock whose process is gone is
 * taken over; one of another machine is not, because nothing tells whether its process is.
 *
 * @param what What an error calls the file. Default: store.
 * @returns Releases the lock.
 * @throws ToolkitError `ERR_HOST_STORE` when another process, or another part of this one, uses the file.
 */
export async function lockFile(path: string, what = "store"): Promise<() => Promise<void>> {
  const lockPath = `${path}.lock`;
  const start = await startOf(process.pid);
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    ...(start !== undefined && { start }),
    id: randomUUID(),
  };
  // Before it is there for others to see: what this process holds is told by this alone.
  held.add(own.id);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await create(lockPath, own)) return release;
      const other = await readHolder(lockPath);
      if (other && (await isAlive(other))) throw inUse(what, path, lockPath, other);
      if (other && (await takeOver(lockPath, other.id, own))) return release;
    }
    throw inUse(what, path, lockPath, undefined);
  } catch (error) {
    held.delete(own.id);
    throw error;
  }

  async function release(): Promise<void> {
    // Released twice, it could be another's.
    if (held.delete(own.id)) await rm(lockPath, { force: true });
  }
}

/** Writes elsewhere first: a lock appears whole or not at all. */
async function create(lockPath: string, own: Holder): Promise<boolean> {
  const draft = `${lockPath}.${own.id}`;
  await writeFile(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    await link(draft, lockPath);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(lockPath: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(lockPath, "utf8");
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return { pid: 0, host: "", id: "" };
  }
}

async function isAlive({ pid, host, start, id }: Holder): Promise<boolean> {
  // What another machine, or another program, left here is not for this process to judge.
  if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return true;
  // In a container every server may have the same number, this one included.
  if (pid === process.pid) return held.has(id);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return start === undefined || start === (await startOf(pid));
}

/**
 * Takes over a lock that was found abandoned, unless another process has just done so. One at a time, and the lock is there all the
 * while: whoever looks finds the old one or the new one. What a process leaves that ends in the middle keeps others from taking over,
 * until the lock is removed by hand as their errors say.
 */
async function takeOver(lockPath: string, id: string, own: Holder): Promise<boolean> {
  const next = `${lockPath}.next`;
  if (!(await create(next, own))) return false;
  if ((await readHolder(lockPath))?.id === id) {
    await rename(next, lockPath);
    return true;
  }
  await rm(next);
  return false;
}

/** When a process started, where the system tells: a number alone may have been given to another since. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    // The name in parentheses may hold spaces; the start is the 22nd field, the 20th behind it.
    return `${boot.trim()} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return undefined;
  }
}

function inUse(what: string, path: string, lockPath: string, other: Holder | undefined): ToolkitError {
  const who = other?.pid ? `process ${other.pid} on "${other.host}" uses it` : "another process uses it";
  return new ToolkitError(`Cannot open ${what} "${path}": ${who}`, {
    code: "ERR_HOST_STORE",
    hint: `End that process; if it no longer runs, remove "${lockPath}"`,
  });
}
