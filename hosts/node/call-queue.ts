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
  /** Of each peer that waits; who is first here is served next. */
  const peers = new Map<string, Job[]>();
  let size = 0;

  function longest(): [peer: string, jobs: Job[]] | undefined {
    let found: [string, Job[]] | undefined;
    for (const each of peers) if (found === undefined || each[1].length > found[1].length) found = each;
    return found;
  }

  function take(peer: string, jobs: Job[], at: number): Job | undefined {
    const [job] = jobs.splice(at, 1);
    size--;
    if (jobs.length === 0) peers.delete(peer);
    return job;
  }

  /** Takes a job in its turn: its peer goes to the end of the row. */
  function takeTurn(peer: string, jobs: Job[], at: number): Job | undefined {
    const job = take(peer, jobs, at);
    if (peers.delete(peer)) peers.set(peer, jobs);
    return job;
  }

  /** One more job must not make this peer the one that has most. */
  function mayDisplace(peer: string): boolean {
    return (longest()?.[1].length ?? 0) > (peers.get(peer)?.length ?? 0) + 1;
  }

  return {
    get size() {
      return size;
    },
    hasRoom: (peer = "") => size < length || mayDisplace(peer),
    add(job, peer = "") {
      const [other, jobs] = size < length ? [] : longest()!;
      const displaced = jobs && take(other!, jobs, jobs.length - 1);
      const own = peers.get(peer);
      if (own) own.push(job);
      else peers.set(peer, [job]);
      size++;
      return displaced;
    },
    next(fits) {
      for (const [peer, jobs] of peers) {
        const at = jobs.findIndex(fits);
        if (at === -1) continue;
        return takeTurn(peer, jobs, at);
      }
      return undefined;
    },
    lend(fits) {
      for (const [peer, jobs] of peers) {
        if (!fits(jobs[0]!)) return undefined;
        size++;
        return takeTurn(peer, jobs, 0);
      }
      return undefined;
    },
    giveBack(job, peer = "") {
      const others = [...peers];
      peers.clear();
      peers.set(peer, [job]);
      for (const [other, jobs] of others) {
        if (other === peer) peers.get(peer)!.push(...jobs);
        else peers.set(other, jobs);
      }
    },
    release() {
      size--;
    },
    takeAll(fits) {
      const taken: Job[] = [];
      for (const [peer, jobs] of peers) {
        for (const job of jobs.filter(fits)) taken.push(take(peer, jobs, jobs.indexOf(job))!);
      }
      return taken;
    },
    remove(job, peer = "") {
      const jobs = peers.get(peer);
      const at = jobs?.indexOf(job) ?? -1;
      if (at !== -1) take(peer, jobs!, at);
    },
  };
}
