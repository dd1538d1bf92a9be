// The guards that scripts/prove-guards.mjs takes out one by one.

/**
 * `code` occurs once in `file`; without it, or with what it `becomes`, `test` must fail. `named` chooses tests of the file by a pattern of
 * their names, where the whole takes long.
 *
 * @type {{ name: string, file: string, code: string, becomes?: string, test: string, named?: string }[]}
 */
export const GUARDS = [
  // ---- the protocol: what a client may send ----
  {
    name: "JSON depth",
    file: "src/protocol/scan-json.ts",
    code: 'if (stack.length >= limits.maxDepth) return end("depth");',
    test: "test/unit/protocol/scan-json.test.ts",
  },
  {
    name: "JSON tokens",
    file: "src/protocol/scan-json.ts",
    code: 'case COMMA:\n        if (++tokens > limits.maxTokens) return end("tokens");',
    becomes: "case COMMA:",
    test: "test/unit/protocol/scan-json.test.ts",
  },
  {
    name: "__proto__ as a key",
    file: "src/protocol/scan-json.ts",
    code: 'if (key === "__proto__") return end("forbidden-key");',
    test: "test/unit/protocol/scan-json.test.ts",
  },
  {
    name: "keys that occur twice",
    file: "src/protocol/scan-json.ts",
    code: 'if (!admitKey(top, key)) return end("duplicate-key");',
    test: "test/unit/protocol/scan-json.test.ts",
  },
  {
    name: "Host field",
    file: "src/protocol/http.ts",
    code: 'if (!hostAllowed(head.headers("host"))) return plain(403, "This host name is not allowed");',
    test: "test/unit/protocol/http.test.ts",
  },
  {
    name: "Origin field",
    file: "src/protocol/http.ts",
    code: 'if (!originAllowed(origin)) return plain(403, "This origin is not allowed");',
    test: "test/unit/protocol/http.test.ts",
  },
  {
    name: "Origin compared whole",
    file: "src/protocol/http.ts",
    code: "(local && isLoopback(parsed.host))",
    becomes: '(local && parsed.host.startsWith("localhost"))',
    test: "test/unit/protocol/http.test.ts",
  },
  {
    name: "Mcp-Name equals the body",
    file: "src/protocol/http.ts",
    code: "return decodeHeaderValue(name) === request.target",
    becomes: "return name !== undefined",
    test: "test/unit/protocol/request.test.ts",
  },
  {
    name: "messages of a batch",
    file: "src/protocol/http.ts",
    code: "if (messages.length > MAX_BATCH) return answer(400, undefined, LONG_BATCH);",
    test: "test/unit/protocol/batch.test.ts",
  },
  {
    name: "notifications of a call, counted",
    file: "src/protocol/notifications.ts",
    code: "if (seen > MAX_NOTIFICATIONS || message.length > MAX_NOTIFICATION_LENGTH) return drop();",
    becomes: "if (message.length > MAX_NOTIFICATION_LENGTH) return drop();",
    test: "test/unit/protocol/notifications.test.ts",
  },
  {
    name: "notifications of a call, all together",
    file: "src/protocol/notifications.ts",
    code: "if (length + text.length > MAX_NOTIFICATIONS_LENGTH) return false;",
    test: "test/unit/protocol/notifications.test.ts",
  },
  {
    name: "sealed states: one spelling",
    file: "src/protocol/sealer.ts",
    code: "if (bytes === undefined || platform.toBase64url(bytes) !== sealed) return undefined;",
    becomes: "if (bytes === undefined) return undefined;",
    test: "test/unit/protocol/sealer.test.ts",
  },
  {
    name: "sessions: the credential of their start",
    file: "src/protocol/sessions.ts",
    code: 'if (session === undefined || session.owner !== digest(authorization ?? "")) return undefined;',
    becomes: "if (session === undefined) return undefined;",
    test: "test/unit/protocol/sessions.test.ts",
  },

  // ---- the Node host: what a guest may do to it ----
  {
    name: "a call's deadline",
    file: "hosts/node/core-worker.ts",
    code: 'timer = setTimeout(() => end("deadline", `${describeCall(request, owners)} took too long`), timeoutMs);',
    test: "test/hosts/node/services.test.ts",
    named: "stopped at its deadline",
  },
  {
    name: "output of a call",
    file: "hosts/node/worker.ts",
    code: "if (outcomeSize(outcome) > maxOutputBytes) {",
    becomes: "if (outcomeSize(outcome) > Infinity) {",
    test: "test/hosts/node/serve-http.test.ts",
    named: "hostile tools",
  },
  {
    name: "an instance after a trap",
    file: "hosts/node/worker.ts",
    code: "handler = undefined;\n    const overflow",
    becomes: "const overflow",
    test: "test/hosts/node/serve-http.test.ts",
    named: "fresh instance",
  },
  {
    name: "log quota of a call",
    file: "hosts/node/call-log.ts",
    code: "if (!fits) {",
    becomes: "if (!fits && !line) {",
    test: "test/hosts/node/host-imports.test.ts",
    named: "quota",
  },
  {
    name: "random bytes at once",
    file: "hosts/node/host-imports.ts",
    code: "if (length > MAX_RANDOM_BYTES) throw new Error(`random bytes are limited to ${MAX_RANDOM_BYTES} a call`);",
    test: "test/hosts/node/host-imports.test.ts",
    named: "getRandomBytes",
  },
  {
    name: "memory: what a module declares",
    file: "hosts/node/bound-growth.ts",
    code: "maximum = Math.min(declared, bound);",
    becomes: "maximum = declared;",
    test: "test/hosts/node/bound-growth.test.ts",
  },
  {
    name: "memory: what a module starts with",
    file: "hosts/node/bound-growth.ts",
    code: "if (minimum > bound) {",
    becomes: "if (minimum > bound && minimum < 0) {",
    test: "test/hosts/node/bound-growth.test.ts",
  },
  {
    name: "requests of a call, in flight",
    file: "hosts/node/call-services.ts",
    code: "inFlight.size >= MAX_REQUESTS_IN_FLIGHT || ",
    test: "test/hosts/node/services.test.ts",
    named: "16 requests in flight",
  },
  {
    name: "requests of a call, in all",
    file: "hosts/node/call-services.ts",
    code: " || sent >= MAX_REQUESTS)",
    becomes: ")",
    test: "test/hosts/node/services.test.ts",
    named: "100 requests in all",
  },
  {
    name: "length of the queue",
    file: "hosts/node/pool.ts",
    code: "} else if (queue.length >= queueLength) {",
    becomes: "} else if (queue.length >= Infinity) {",
    test: "test/hosts/node/serve-http.test.ts",
    named: "queue are full",
  },
  {
    name: "content over the limit, streamed",
    file: "hosts/node/serve-http.ts",
    code: "if (size <= maxBytes) {",
    becomes: "if (size <= Infinity) {",
    test: "test/hosts/node/serve-http.test.ts",
    named: "content over the limit",
  },
  {
    name: "content that is not UTF-8",
    file: "hosts/node/serve-http.ts",
    code: 'done(isUtf8(bytes) ? bytes.toString("utf8") : { refused: "encoding" });',
    becomes: 'done(bytes.toString("utf8"));',
    test: "test/hosts/node/serve-http.test.ts",
    named: "not UTF-8",
  },
  {
    name: "proxies that are believed",
    file: "hosts/node/trusted-proxies.ts",
    code: "if (!isTrusted(peer) || hop === undefined) break;",
    becomes: "if (hop === undefined) break;",
    test: "test/hosts/node/trusted-proxies.test.ts",
  },

  // ---- what goes out ----
  {
    name: "outbound: the host checks the grant again",
    file: "hosts/node/services/outbound-http.ts",
    code: "if (!coversRequest(grants, { method, origin: url.origin, path: url.pathname })) throw notGranted(request);",
    test: "test/hosts/node/outbound-http.test.ts",
  },
  {
    name: "outbound: private addresses",
    file: "hosts/node/services/outbound-http.ts",
    code: 'const isMeant = hostname === "localhost" ? isLoopbackAddress : isPublicAddress;',
    becomes:
      "const isMeant = (address: string): boolean => isLoopbackAddress(address) || address !== hostname;",
    test: "test/hosts/node/outbound-http.test.ts",
  },
  {
    name: "outbound: certificates",
    file: "hosts/node/services/outbound-http.ts",
    code: "rejectUnauthorized: true,",
    becomes: "rejectUnauthorized: false,",
    test: "test/hosts/node/outbound-http.test.ts",
  },
  {
    name: "outbound: content of an answer",
    file: "hosts/node/services/outbound-http.ts",
    code: 'if (size > MAX_BODY_BYTES) throw new ServiceFailure("too-large");',
    test: "test/hosts/node/outbound-http.test.ts",
  },
  {
    name: "outbound: URLs that read in two ways",
    file: "hosts/node/services/outbound-request.ts",
    code: 'if (!url || url.href !== text || url.origin !== origin || text.includes("#")) {',
    becomes: "if (!url) {",
    test: "test/hosts/node/outbound-request.test.ts",
  },
  {
    name: "outbound: encoded dots and slashes",
    file: "src/http/covers-request.ts",
    code: "!isAmbiguous(path) && ",
    test: "test/hosts/node/outbound-request.test.ts",
  },
  {
    name: "outbound: a path prefix covers whole segments",
    file: "src/http/covers-request.ts",
    code: "path === prefix || path.startsWith(`${prefix}/`)",
    becomes: "path.startsWith(prefix)",
    test: "test/hosts/node/outbound-request.test.ts",
  },

  // ---- composing ----
  {
    name: "order: somebody authenticates",
    file: "src/compose/order.ts",
    code: 'if (access === "public") return publicMistake(chain, auth);\n  if (auth === undefined) {',
    becomes:
      'if (access === "public") return publicMistake(chain, auth);\n  if (auth === undefined && second) {',
    test: "test/unit/compose/order.test.ts",
  },
  {
    name: "order: nobody authenticates twice",
    file: "src/compose/order.ts",
    code: "if (second !== undefined) {",
    becomes: "if (second !== undefined && access !== access) {",
    test: "test/unit/compose/order.test.ts",
  },
  {
    name: "order: whatever is for one caller stands behind authentication",
    file: "src/compose/order.ts",
    code: "if (first === undefined) return undefined;",
    becomes: "if (first === undefined || at >= 0) return undefined;",
    test: "test/unit/compose/order.test.ts",
  },
  {
    name: "gate: keys",
    file: "src/compose/gate.ts",
    code: 'gate.guard(name, granted, name === "list" ? "the key prefix" : "the key");',
    becomes: "gate.pass(name);",
    test: "test/unit/compose/gates.test.ts",
  },
  {
    name: "gate: settings",
    file: "src/compose/gate.ts",
    code: 'gate.guard("get", gate.names(config), "the configuration key");',
    becomes: 'gate.pass("get");',
    test: "test/unit/compose/gates.test.ts",
  },
  {
    name: "gate: secrets",
    file: "src/compose/gate.ts",
    code: 'gate.guard("get", gate.names(names), "the secret");',
    becomes: 'gate.pass("get");',
    test: "test/unit/compose/gates.test.ts",
  },

  // ---- registries and caches ----
  {
    name: "oci: digest of a manifest",
    file: "src/oci/repository.ts",
    code: "if (isDigest(tagOrDigest) && digest !== tagOrDigest)\n        throw contentFailure(`it is another content, ${digest}`);",
    test: "test/registry/hostile.test.ts",
  },
  {
    name: "oci: digest of a blob",
    file: "src/oci/repository.ts",
    code: "if (found !== digest) throw contentFailure(`it is another content, ${found}`);",
    test: "test/registry/hostile.test.ts",
  },
  {
    name: "oci: size of a blob",
    file: "src/oci/repository.ts",
    code: "if (size > layerBytes) throw contentFailure(`it has ${size} bytes, and ${layerBytes} are allowed`);",
    test: "test/registry/hostile.test.ts",
  },
  {
    name: "oci: what is taken from the cache",
    file: "src/oci/blob-cache.ts",
    code: "if (digestOf(bytes) !== digest) return undefined;",
    test: "test/registry/hostile-cache.test.ts",
  },
  {
    name: "oci: redirects to plain http",
    file: "src/oci/registry-client.ts",
    code: 'if (next.protocol !== "https:" && !(next.protocol === "http:" && from.protocol === "http:")) {',
    becomes: 'if (next.protocol === "ftp:") {',
    test: "test/registry/hostile-redirects.test.ts",
  },
  {
    name: "oci: redirects into a private network",
    file: "src/oci/registry-client.ts",
    code: "(to: Reach) => mayLeadTo(reach, to)",
    becomes: "(to: Reach) => to !== undefined || reach !== undefined",
    test: "test/registry/hostile-redirects.test.ts",
  },
  {
    name: "cache: hashes of what is kept",
    file: "src/cache/cache.ts",
    code: 'if (sha256(content) !== hash) throw new Error(`"${name}" does not match its hash`);',
    test: "test/unit/cache/cache.test.ts",
  },
  {
    name: "cache: folders that others may write to",
    file: "src/cache/cache.ts",
    code: "(mode & 0o022) === 0",
    becomes: "mode > 0",
    test: "test/unit/cache/cache.test.ts",
  },
];
