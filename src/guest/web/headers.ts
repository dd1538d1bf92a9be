type Pairs = Iterable<Iterable<string>> | Readonly<Record<string, string>>;

/** What `new Headers()` takes. */
export type HeadersInit = Headers | Pairs;

// RFC 9110, section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_VALUES = /[\0\r\n]|[^\0-\xff]/;
const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g;

/**
 * Header fields. None is immutable or forbidden here: what the host owns is left out when a request is sent.
 *
 * @see https://fetch.spec.whatwg.org/#headers-class
 */
export class Headers {
  /** In the order they were added; names in lower case. */
  #fields: [name: string, value: string][] = [];

  constructor(init?: HeadersInit) {
    if (init === undefined) return;
    if (typeof init !== "object" || init === null) throw new TypeError("Headers needs pairs or an object");
    const pairs = Symbol.iterator in init ? init : Object.entries(init);
    for (const pair of pairs as Iterable<Iterable<string>>) {
      const [name, value, ...rest] = pair;
      if (name === undefined || value === undefined || rest.length > 0)
        throw new TypeError("A header field is a name and a value");
      this.append(name, value);
    }
  }

  append(name: string, value: string): void {
    this.#fields.push([fieldName(name), fieldValue(value)]);
  }
  delete(name: string): void {
    const key = fieldName(name);
    this.#fields = this.#fields.filter(([other]) => other !== key);
  }
  get(name: string): string | null {
    const values = this.#values(fieldName(name));
    return values.length === 0 ? null : values.join(", ");
  }
  getSetCookie(): string[] {
    return this.#values("set-cookie");
  }
  has(name: string): boolean {
    return this.#values(fieldName(name)).length > 0;
  }
  set(name: string, value: string): void {
    const [key, text] = [fieldName(name), fieldValue(value)];
    const first = this.#fields.findIndex(([other]) => other === key);
    if (first < 0) this.#fields.push([key, text]);
    else
      this.#fields = this.#fields
        .filter(([other], i) => i <= first || other !== key)
        .with(first, [key, text]);
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void {
    for (const [name, value] of this) Reflect.apply(each, thisArg, [value, name, this]);
  }
  /** By name; the values of one name are joined, except those of `set-cookie`. */
  *entries(): Generator<[name: string, value: string], undefined> {
    const names = [...new Set(this.#fields.map(([name]) => name))].sort();
    for (const name of names) {
      const values = this.#values(name);
      for (const value of name === "set-cookie" ? values : [values.join(", ")]) yield [name, value];
    }
  }
  *keys(): Generator<string, undefined> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): Generator<string, undefined> {
    for (const [, value] of this.entries()) yield value;
  }
  [Symbol.iterator](): Generator<[name: string, value: string], undefined> {
    return this.entries();
  }
  get [Symbol.toStringTag](): string {
    return "Headers";
  }

  #values(name: string): string[] {
    return this.#fields.filter(([other]) => other === name).map(([, value]) => value);
  }
}

function fieldName(name: unknown): string {
  const text = String(name);
  if (!TOKEN.test(text))
    throw new TypeError(`${JSON.stringify(text.slice(0, 100))} is no name of a header field`);
  return text.toLowerCase();
}

function fieldValue(value: unknown): string {
  const text = String(value).replaceAll(EDGES, "");
  if (NOT_IN_VALUES.test(text))
    throw new TypeError("The value of a header field has a character that none may have");
  return text;
}
