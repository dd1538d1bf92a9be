// wit/keyvalue.wit, as QuickJS presents it.

declare module "tenon-wasi:keyvalue/store@0.2.0-draft2" {
  export function open(identifier: string): Bucket;
  export interface Bucket {
    get(key: string): Uint8Array | null;
    delete(key: string): void;
    listKeys(cursor: string | null): KeyPage;
  }
  export interface KeyPage {
    keys: string[];
    cursor: string | null;
  }
}

declare module "tenon-wasi:keyvalue/atomics@0.2.0-draft2" {
  import type { Bucket } from "tenon-wasi:keyvalue/store@0.2.0-draft2";

  export const Cas: { "new"(bucket: Bucket, key: string): Cas };
  export interface Cas {
    current(): Uint8Array | null;
    [Symbol.dispose](): void;
  }
  export function increment(bucket: Bucket, key: string, delta: number): number;
  export function swap(cas: Cas, value: Uint8Array): void;
}
