/** What a task takes. */
export interface Share {
  owner: string;
  /** In milliseconds since 1970-01-01T00:00:00Z. */
  expiresAt: number;
  /** Characters kept for it. */
  size: number;
}

/** Bounds how many tasks there are and how much is kept for them. Nothing is kept for a task that has expired. */
export interface TaskQuota {
  /** Takes a share for a new task; false when there is none left. */
  take(id: string, share: Share): boolean;
  /** Changes how much is kept for a task; false when it is too much. */
  resize(id: string, size: number): boolean;
  /** Counts what is there already, whatever the bounds are. */
  restore(id: string, share: Share): void;
  release(id: string): void;
}

/** Tasks there may be. */
export const MAX_TASKS = 1000;
/** Tasks one verified caller may have. Callers that nothing tells apart share the server's. */
export const MAX_TASKS_PER_OWNER = 100;
/** Characters of arguments and results that may be kept in all. */
export const MAX_TOTAL_SIZE = 32 * 1024 * 1024;

/** @param anonymous The owner of tasks whose callers nothing tells apart. */
export function createTaskQuota(now: () => number, anonymous: string): TaskQuota {
  const shares = new Map<string, Share>();
  let total = 0;

  function release(id: string): void {
    total -= shares.get(id)?.size ?? 0;
    shares.delete(id);
  }

  function restore(id: string, share: Share): void {
    release(id);
    shares.set(id, share);
    total += share.size;
  }

  function releaseExpired(): void {
    const time = now();
    for (const [id, { expiresAt }] of shares) if (expiresAt <= time) release(id);
  }

  function countOf(owner: string): number {
    let count = 0;
    for (const share of shares.values()) if (share.owner === owner) count++;
    return count;
  }

  return {
    release,
    restore,
    take(id, share) {
      releaseExpired();
      if (shares.size >= MAX_TASKS || total + share.size > MAX_TOTAL_SIZE) return false;
      if (share.owner !== anonymous && countOf(share.owner) >= MAX_TASKS_PER_OWNER) return false;
      restore(id, share);
      return true;
    },
    resize(id, size) {
      const share = shares.get(id);
      if (!share) return false;
      if (size > share.size) releaseExpired();
      if (total + size - share.size > MAX_TOTAL_SIZE) return false;
      restore(id, { ...share, size });
      return true;
    },
  };
}
