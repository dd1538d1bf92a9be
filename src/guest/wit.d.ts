// The host interfaces the guest runtime imports, as QuickJS presents them.

declare module "tenon:host/log@0.1.0" {
  export interface Entry {
    level: "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";
    source?: string | null | undefined;
    message: string;
    fields?: string | null | undefined;
  }
  export function write(line: Entry): void;
}

declare module "wasi:random/random@0.2.0" {
  export function getRandomBytes(length: number): Uint8Array;
}

declare module "wasi:clocks/monotonic-clock@0.2.0" {
  /** Nanoseconds. */
  export function subscribeDuration(nanoseconds: number): { block(): void };
}
