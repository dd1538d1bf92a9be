import type { HostFunctions } from "../../fixtures/transpile-component.ts";

/** An error of `wasi:keyvalue`, as a transpiled component takes it. */
const TOO_LONG = { tag: "other", val: "incorrect length" };

/**
 * A key value store as Spin's SQLite one behaves: who found a key absent may write it, whatever became of it meanwhile, and
 * adding to what is no number of 8 bytes breaks it.
 */
export class KeyValueStore {
  readonly values = new Map<string, Uint8Array>();
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  /** False when it does not answer. */
  answers = true;
  /** Called before each swap, once. */
  beforeSwap: (() => void) | undefined;
  /** Called before each sum, once. */
  beforeIncrement: (() => void) | undefined;
  #random = 0;

  /** What a component gets. */
  functions(): HostFunctions {
    // oxlint-disable-next-line typescript/no-this-alias, unicorn/no-this-assignment -- classes of the component need it
    const store = this;
    class Bucket {
      get(key: string): Uint8Array | undefined {
        return store.read(key);
      }
      delete(key: string): void {
        store.values.delete(key);
      }
      listKeys(cursor?: string): { keys: string[]; cursor: undefined } {
        // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
        if (cursor !== undefined) throw { tag: "other", val: "no cursor" };
        return { keys: [...store.values.keys()], cursor: undefined };
      }
    }
    class Cas {
      key = "";
      seen: Uint8Array | undefined;
      static new(_bucket: Bucket, key: string): Cas {
        return Object.assign(new Cas(), { key });
      }
      current(): Uint8Array | undefined {
        this.seen = store.read(this.key);
        return this.seen;
      }
    }
    return {
      "tenon-wasi:keyvalue/store": {
        Bucket,
        open(name: string): Bucket {
          // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
          if (name !== "default" || !store.answers) throw { tag: "no-such-store" };
          return new Bucket();
        },
      },
      "tenon-wasi:keyvalue/atomics": {
        Cas,
        increment: (_bucket: Bucket, key: string, delta: bigint) => {
          store.#take("beforeIncrement");
          return store.#add(key, delta);
        },
        swap(cas: Cas, value: Uint8Array): void {
          store.#take("beforeSwap");
          const { key, seen } = cas;
          const held = store.values.get(key);
          if (seen !== undefined && (held === undefined || Buffer.compare(held, seen) !== 0)) {
            const val = Cas.new(new Bucket(), key);
            val.current();
            // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
            throw { tag: "cas-failed", val };
          }
          store.values.set(key, value.slice());
        },
      },
      "wasi:clocks/wall-clock": {
        now: () => ({
          seconds: BigInt(Math.floor(this.now / 1000)),
          nanoseconds: (this.now % 1000) * 1_000_000,
        }),
      },
      "wasi:random/random": {
        getRandomBytes: (length: bigint) => {
          const bytes = new Uint8Array(Number(length));
          new DataView(bytes.buffer).setUint32(0, ++this.#random);
          return bytes;
        },
        getRandomU64: () => 4n,
      },
    };
  }

  /** What lies there. */
  read(key: string): Uint8Array | undefined {
    // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
    if (!this.answers) throw { tag: "other", val: "disk I/O error" };
    return this.values.get(key);
  }

  #add(key: string, delta: bigint): bigint {
    const held = this.values.get(key) ?? new Uint8Array(8);
    // oxlint-disable-next-line typescript/only-throw-error -- as transpiled components take errors
    if (held.length !== 8) throw TOO_LONG;
    const sum = Buffer.from(held).readBigInt64LE() + delta;
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(sum);
    this.values.set(key, new Uint8Array(bytes));
    return sum;
  }

  #take(hook: "beforeIncrement" | "beforeSwap"): void {
    const run = this[hook];
    this[hook] = undefined;
    run?.();
  }
}
