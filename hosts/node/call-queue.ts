/** Things that wait for their turn, each on behalf of a peer. */
export interface CallQueue<Job> {
  /** How many wait, with those that are lent. */
  readonly size: number;
  /** Whether a job of this peer would find a place: there is a free one, or another peer has more than its share. */
  hasRoom(peer: string | undefined): boolean;
  /**
   * Adds a job, for which there must be room.
   *
   * @returns the job that lost its place to it, if any: the last one of the peer that has most.
   */
  add(job: Job, peer: string | undefined): Job | undefined;
  /** Takes the job whose turn it is of those that fit: peers take turns, and of each its first job goes first. */
  next(fits: (job: Job) => boolean): Job | undefined;
  /** Takes the job whose turn it is, if it fits, and keeps its place. */
  lend(fits: (job: Job) => boolean): Job | undefined;
  /** A job that was lent comes back: its turn is the next one. */
  giveBack(job: Job, peer: string | undefined): void;
  /** A job that was lent does not come back. */
  release(): void;
  /** Takes all jobs that fit and are not lent, whoever's turn it is. */
  takeAll(fits: (job: Job) => boolean): Job[];
  /** Takes a job out of its turn. */
  remove(job: Job, peer: string | undefined): void;
}

/**
 * A queue in which one peer can have every place, but only as long as no other asks: a peer that floods a server is in its own
 * way and not in that of others.
 *
 * @param length Jobs that may wait.
 */
export function createCallQueue<Job>(length: number): CallQueue<Job> {
  /** Of each peer that waits; the first one is served next. In no `Map`, for the reason that `Crowd` gives. */
  const rows: Row<Job>[] = [];
  let size = 0;

  function rowOf(peer: string): Row<Job> | undefined {
    return rows.find((row) => row.peer === peer);
  }

  function longest(): Row<Job> | undefined {
    let found: Row<Job> | undefined;
    for (const row of rows) if (found === undefined || row.jobs.length > found.jobs.length) found = row;
    return found;
  }

  function take(row: Row<Job>, at: number): Job | undefined {
    const [job] = row.jobs.splice(at, 1);
    size--;
    if (row.jobs.length === 0) rows.splice(rows.indexOf(row), 1);
    return job;
  }

  /** Takes a job in its turn: its peer goes to the end. */
  function takeTurn(row: Row<Job>, at: number): Job | undefined {
    const job = take(row, at);
    if (row.jobs.length > 0 && rows.length > 1) {
      rows.splice(rows.indexOf(row), 1);
      rows.push(row);
    }
    return job;
  }

  /** One more job must not make this peer the one that has most. */
  function mayDisplace(peer: string): boolean {
    return (longest()?.jobs.length ?? 0) > (rowOf(peer)?.jobs.length ?? 0) + 1;
  }

  return {
    get size() {
      return size;
    },
    hasRoom: (peer = "") => size < length || mayDisplace(peer),
    add(job, peer = "") {
      const other = size < length ? undefined : longest()!;
      const displaced = other && take(other, other.jobs.length - 1);
      const own = rowOf(peer);
      if (own) own.jobs.push(job);
      else rows.push({ peer, jobs: [job] });
      size++;
      return displaced;
    },
    next(fits) {
      for (const row of rows) {
        const at = row.jobs.findIndex(fits);
        if (at !== -1) return takeTurn(row, at);
      }
      return undefined;
    },
    lend(fits) {
      const [row] = rows;
      if (row === undefined || !fits(row.jobs[0]!)) return undefined;
      size++;
      return takeTurn(row, 0);
    },
    giveBack(job, peer = "") {
      const own = rowOf(peer);
      if (own) rows.splice(rows.indexOf(own), 1);
      rows.unshift({ peer, jobs: own ? [job, ...own.jobs] : [job] });
    },
    release() {
      size--;
    },
    takeAll(fits) {
      return [...rows].flatMap((row) =>
        row.jobs.filter(fits).map((job) => take(row, row.jobs.indexOf(job))!),
      );
    },
    remove(job, peer = "") {
      const row = rowOf(peer);
      const at = row?.jobs.indexOf(job) ?? -1;
      if (at !== -1) take(row!, at);
    },
  };
}

/** The jobs of one peer, in order. */
interface Row<Job> {
  readonly peer: string;
  readonly jobs: Job[];
}
