/**
 * A few objects, which come and go with each request. No `Set`: what that outgrows with its members stays in old memory, each table with
 * the members of its time and a way to the next one, until all of it is collected. Whatever a request has used is then kept as
 * long, and copied twice before: for calls that took a fifth of the main thread's time, in pauses of 20 ms and more.
 */
export class Crowd<Member extends object> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Adds one that is not among them. */
  add(member: Member): void {
    this.#members.push(member);
  }

  delete(member: Member): void {
    const at = this.#members.indexOf(member);
    if (at === -1) return;
    const last = this.#members.pop()!;
    if (last !== member) this.#members[at] = last;
  }

  /** All of them as they are now, in no order. */
  list(): Member[] {
    return [...this.#members];
  }
}
