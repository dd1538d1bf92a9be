import { bytesOf } from "./buffer-source.ts";
import { decodeUtf8, decodeUtf8Lossy, incompleteTail } from "./utf8.ts";

/** @see https://encoding.spec.whatwg.org/#names-and-labels */
const UTF8_LABELS: ReadonlySet<string> = new Set([
  "unicode-1-1-utf-8",
  "unicode11utf8",
  "unicode20utf8",
  "utf-8",
  "utf8",
  "x-unicode20utf8",
]);

const NOTHING = new Uint8Array(0);

/**
 * `TextDecoder` of UTF-8, the one encoding there is.
 *
 * @see https://encoding.spec.whatwg.org/#interface-textdecoder
 */
export class TextDecoder {
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  #pending: Uint8Array = NOTHING;
  #started = false;

  constructor(label: unknown = "utf-8", options: { fatal?: unknown; ignoreBOM?: unknown } = {}) {
    const name = String(label).replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "");
    if (!UTF8_LABELS.has(name.toLowerCase())) {
      throw new RangeError(`TextDecoder knows utf-8 only, not ${JSON.stringify(name.slice(0, 40))}`);
    }
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding(): string {
    return "utf-8";
  }
  get fatal(): boolean {
    return this.#fatal;
  }
  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input?: unknown, options: { stream?: unknown } = {}): string {
    let bytes = input === undefined ? NOTHING : bytesOf(input);
    if (bytes === undefined) throw new TypeError("decode needs an ArrayBuffer or a view of one");
    if (this.#pending.length > 0) bytes = joined(this.#pending, bytes);
    this.#pending = NOTHING;
    const stream = Boolean(options?.stream);
    const tail = stream ? incompleteTail(bytes) : 0;
    const complete = tail === 0 ? bytes : bytes.subarray(0, bytes.length - tail);
    const started = this.#started;
    this.#started = stream && (started || complete.length > 0);
    if (tail > 0) this.#pending = bytes.slice(bytes.length - tail);
    let text = decodeUtf8(complete);
    if (text === undefined) {
      if (this.#fatal) {
        this.#pending = NOTHING;
        throw new TypeError("The bytes are not valid UTF-8");
      }
      text = decodeUtf8Lossy(complete);
    }
    return !started && !this.#ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  get [Symbol.toStringTag](): string {
    return "TextDecoder";
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
