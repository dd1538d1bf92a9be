import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createUnreadAnswers, type UnreadAnswers } from "../../../hosts/node/unread-answers.ts";

const READ_MS = 1000;
const UNREAD_BYTES = 10_000;
let unread: UnreadAnswers;
let open: Set<ServerResponse>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  open = new Set();
  unread = createUnreadAnswers(() => open, { readMs: READ_MS, unreadBytes: UNREAD_BYTES });
});

afterEach(() => {
  unread.close();
  vi.useRealTimers();
});

/** An answer whose client reads nothing until it is told to. */
function answer(bytes: number): { response: ServerResponse; read: () => void } {
  let read!: () => void;
  const connection = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      read = done;
    },
  });
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  open.add(response);
  response.once("close", () => open.delete(response));
  response.assignSocket(connection as Socket);
  response.end("x".repeat(bytes));
  return { response, read: () => read() };
}

test("Who leaves an answer unread for the time there is for it is cut off, and not before", () => {
  const { response } = answer(1000);
  vi.advanceTimersByTime(READ_MS - 1);
  expect(response.destroyed).toBe(false);
  vi.advanceTimersByTime(READ_MS);
  expect(response.destroyed).toBe(true);
});

test("Who has read everything has the whole time again", () => {
  const { response, read } = answer(1000);
  vi.advanceTimersByTime(READ_MS - 1);
  read();
  vi.advanceTimersByTime(3 * READ_MS);
  expect(response.destroyed).toBe(false);
});

test("Of those who together leave too much unread the first ones are cut off, until it is not too much", () => {
  const first = answer(6000);
  vi.advanceTimersByTime(READ_MS / 2);
  const second = answer(6000);
  unread.added();
  expect([first, second].map(({ response }) => response.destroyed)).toEqual([true, false]);
});
