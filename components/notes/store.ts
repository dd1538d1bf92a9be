import { ToolError, type CallEnvironment } from "tenon";
import { MAX_NOTES, type Note } from "./note.ts";

const PREFIX = "notes/";
const MAX_TRIES = 5;
const RANDOM_DIGITS = 4;

/** The notes of one caller. */
export interface Store {
  /** All notes, oldest first. */
  all(): Promise<Note[]>;
  /** One note; nothing when there is none of that id. */
  find(id: string): Promise<Note | undefined>;
  add(note: Pick<Note, "title" | "text" | "tags">): Promise<Note>;
  /** Replaces a note by what `change` makes of it; nothing when there is none of that id. */
  update(id: string, change: (note: Note) => Note): Promise<Note | undefined>;
  /** The note that was removed; nothing when there was none. */
  remove(id: string): Promise<Note | undefined>;
}

/** The notes of the caller of a request. Callers that nothing authenticated share theirs. */
export async function notesOf({ kv, principal }: CallEnvironment): Promise<Store> {
  const owner =
    principal === undefined ? "anonymous" : await digest(`${principal.issuer}\n${principal.subject}`);
  const prefix = `${PREFIX}${owner}/`;

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await kv.list(prefix, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.keys);
      cursor = page.next;
    } while (cursor !== undefined && found.length < MAX_NOTES);
    return found;
  }

  async function find(id: string): Promise<Note | undefined> {
    const value = await kv.get(prefix + id);
    return value === undefined ? undefined : (JSON.parse(value) as Note);
  }

  return {
    find,

    async all() {
      const notes = await Promise.all((await keys()).map((key) => find(key.slice(prefix.length))));
      return notes.filter((note) => note !== undefined);
    },

    async add(note) {
      if ((await keys()).length >= MAX_NOTES) {
        throw new ToolError(`There are ${MAX_NOTES} notes already, which is the limit: delete some first`);
      }
      const now = Date.now();
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const added: Note = { ...note, id: newId(now), createdAt: now, updatedAt: now };
        const { swap } = await kv.features();
        if (!swap) await kv.set(prefix + added.id, JSON.stringify(added));
        else if (!(await kv.swap(prefix + added.id, undefined, JSON.stringify(added)))) continue;
        return added;
      }
      throw new Error("no free id was found");
    },

    async update(id, change) {
      const { swap } = await kv.features();
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const entry = await kv.getEntry(prefix + id);
        if (entry === undefined) return undefined;
        const changed = change(JSON.parse(entry.value) as Note);
        if (!swap) await kv.set(prefix + id, JSON.stringify(changed));
        else if (!(await kv.swap(prefix + id, entry.version, JSON.stringify(changed)))) continue;
        return changed;
      }
      throw new ToolError("Others keep changing this note: try again");
    },

    async remove(id) {
      const note = await find(id);
      if (note !== undefined) await kv.delete(prefix + id);
      return note;
    },
  };
}

/** An id that sorts by time: milliseconds in base 36, then chance. */
function newId(now: number): string {
  const chance = Math.floor(Math.random() * 36 ** RANDOM_DIGITS);
  return now.toString(36).padStart(9, "0") + chance.toString(36).padStart(RANDOM_DIGITS, "0");
}

/** What stands for a caller in keys, which operators may see. */
async function digest(identity: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  return [...new Uint8Array(bytes, 0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
