import type { ErrorCode } from "tenon-wasi:http/types@0.2.0";

/**
 * What the guest is told of an error of `wasi:http`: a case of `tenon:host/http`'s errors and its payload, without
 * addresses or other things of the host.
 */
export function describeFailure(error: ErrorCode | undefined): [tag: string, val?: string] {
  const code = (error?.tag ?? "").toLowerCase();
  if (code === "http-request-denied" || code === "destination-ip-prohibited") {
    return ["denied", "the host does not let this server reach it"];
  }
  if (code.endsWith("timeout")) return ["timeout"];
  if (code === "http-response-body-size") return ["too-large"];
  return ["unreachable", reasonOf(code)];
}

function reasonOf(code: string): string {
  if (code === "dns-error" || code === "destination-not-found") return "the name does not resolve";
  if (code === "connection-refused") return "the connection was refused";
  if (code === "connection-terminated" || code === "http-response-incomplete")
    return "the connection was closed";
  if (code.startsWith("tls-")) return "TLS failed";
  if (code.startsWith("http-response") || code === "http-protocol-error") return "the answer is not HTTP";
  return "the connection failed";
}
