// What a component may not say in a request of `tenon:host/http`: one list for the guest runtime, which leaves it out, for the
// composer, which grants no secret for it, and for the host, which refuses it. It runs in guests and in Node.

/** Header fields that speak of the connection or of the message's frame, which are the host's. In lower case. */
export const HOST_FIELDS: readonly string[] = [
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Methods that turn a connection into something else, or send a request back as it came. In upper case. */
export const FORBIDDEN_METHODS: readonly string[] = ["CONNECT", "TRACE", "TRACK"];
