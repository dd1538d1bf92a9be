/// <reference lib="es2024.string" />
import { URLSearchParams } from "whatwg-url-minimum";
import { bytesOf } from "./buffer-source.ts";
import { decodeUtf8, decodeUtf8Lossy, encodeUtf8 } from "./utf8.ts";

/** What a message may be given as its content. */
export type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams;

/** Content: text wherever it is text, because text crosses component boundaries many times faster than bytes. */
export type Content = string | Uint8Array;

/** Content, and the `content-type` that goes with it when the message names none. */
export function contentOf(init: unknown): { content: Content; type?: string } {
  if (typeof init === "string") return { content: init.toWellFormed(), type: "text/plain;charset=UTF-8" };
  if (init instanceof URLSearchParams) {
    return { content: init.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  const bytes = bytesOf(init);
  if (bytes === undefined) {
    throw new TypeError("A body is a string, an ArrayBuffer, a view of one or URLSearchParams");
  }
  return { content: bytes.slice() };
}

/**
 * The content of a message; nothing when it has none.
 *
 * @param take Whether it counts as read afterwards.
 * @throws TypeError when it was read before.
 */
export let contentIn: (body: Body, take: boolean) => Content | undefined;

/**
 * What requests and responses share. Content is there whole, so there are no streams: `body` is null.
 *
 * @see https://fetch.spec.whatwg.org/#body-mixin
 */
export class Body {
  readonly body = null;
  #content: Content | undefined;
  #used = false;

  constructor(content: Content | undefined) {
    this.#content = content;
  }

  get bodyUsed(): boolean {
    return this.#used;
  }

  async text(): Promise<string> {
    const content = this.#take();
    const text = typeof content === "string" ? content : (decodeUtf8(content) ?? decodeUtf8Lossy(content));
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const content = this.#take();
    return typeof content === "string" ? encodeUtf8(content) : content.slice();
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  /** Reads the content, which only one method may do, once. */
  #take(): Content {
    const content = this.#peek();
    this.#used = content !== undefined;
    return content ?? "";
  }
  #peek(): Content | undefined {
    if (this.#used) throw new TypeError("The body has already been read");
    return this.#content;
  }

  static {
    contentIn = (body, take) => {
      if (!take) return body.#peek();
      return body.#content === undefined ? undefined : body.#take();
    };
  }
}
