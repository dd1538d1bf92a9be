import { closeOutbox, openOutbox, type Heard } from "../wasi/outbox.ts";
import { writeLine } from "./write-line.ts";

export { outbox } from "../wasi/outbox.ts";

/** `reply` of `wit/reply.wit`: notifications are lines ahead of the answer. */
export const reply = {
  open(wanted: string): void {
    openOutbox(JSON.parse(wanted) as Heard, writeLine);
  },
  close: closeOutbox,
};
