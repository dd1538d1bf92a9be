/// <reference lib="es2024.string" />
import { ServiceError, type ServiceName } from "../../sdk/services.ts";

/** An error of an interface of `tenon:host`. */
export interface HostError {
  readonly tag: string;
  readonly val?: string | null;
}

/** What the errors mean that carry no text of the host. */
const MEANINGS: Readonly<Record<string, string>> = {
  timeout: "nothing came within the limit",
  "too-large": "the content is larger than the host allows",
  "too-many": "more requests than the host allows for one call",
  "unknown-token": "the host does not know the request",
};

/** The error that an author sees for one of the host. */
export function serviceError(service: ServiceName, { tag, val }: HostError): ServiceError {
  const reason = typeof val === "string" ? val : (MEANINGS[tag] ?? "the host gave no reason");
  return new ServiceError(service, tag, `${service}: ${tag}: ${reason}`);
}

/** Calls a host function. */
export function callHost<T>(service: ServiceName, call: () => T): T {
  try {
    return call();
  } catch (error) {
    // The engine throws the error of a `result` in an error of its own.
    const { payload } = error as { payload?: HostError };
    throw payload === undefined ? error : serviceError(service, payload);
  }
}

/**
 * Text for a host function: lone surrogates, which UTF-8 cannot hold, become U+FFFD.
 *
 * @throws TypeError when it is no text.
 */
export function wellFormed(what: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${what} is not a string`);
  return value.toWellFormed();
}
