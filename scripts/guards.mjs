// The guards that scripts/prove-guards.mjs takes out one by one.
import { HOST_GUARDS } from "./host-guards.mjs";
import { OPERATION_GUARDS } from "./operation-guards.mjs";

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
    code: 'if (!isHostAllowed(head.headers("host"))) return plain(403, "This host name is not allowed");',
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

  ...HOST_GUARDS,
  ...OPERATION_GUARDS,

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
    test: "test/hosts/node/outbound-request.test.ts",
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
    code: 'if (size > maxBytes) throw new ServiceFailure("too-large");',
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
    test: "test/hosts/node/outbound-http.test.ts",
  },
  {
    name: "outbound: a path prefix covers whole segments",
    file: "src/http/covers-request.ts",
    code: "path === prefix || path.startsWith(`${prefix}/`)",
    becomes: "path.startsWith(prefix)",
    test: "test/hosts/node/outbound-http.test.ts",
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

  // ---- bundling ----
  {
    name: "rate counters: settings that tenon wrote",
    file: "src/compose/read-settings.ts",
    code: "if (Buffer.compare(code!, codeOf(expected)) === 0)",
    becomes: "if (expected.length > 0)",
    test: "test/unit/compose/read-settings.test.ts",
  },
  {
    name: "rate counters: the rate-limit they know",
    file: "src/bundle/rate-counters.ts",
    code: "filter(({ digest }) => digest === rateLimit.digest)",
    becomes: 'filter(({ name }) => name === "rate-limit")',
    test: "test/unit/bundle/rate-counters.test.ts",
    named: "calls itself",
  },
  {
    name: "rate counters: a prefix of one part alone",
    file: "src/bundle/rate-counters.ts",
    code: "if (sharing.length === 0) return [];",
    becomes: "if (sharing.length >= 0) return [];",
    test: "test/unit/bundle/rate-counters.test.ts",
    named: "others share",
  },
  {
    name: "rate counters: granted keys that fit an entry",
    file: "hosts/fastly/rate-counters.ts",
    code: "if (checkedKey(key).length > 2 * MAX_ENTRY_BYTES)",
    becomes: "if (key.length > 2 * MAX_ENTRY_BYTES)",
    test: "test/hosts/fastly/rate-counters.test.ts",
    named: "not granted",
  },
  {
    name: "rate counters: no cost over the dearest",
    file: "hosts/fastly/counted-budget.ts",
    code: "Math.min(budgets.mostCost, Math.round((next - wholeAt) / msEach(budgets)))",
    becomes: "Math.round((next - wholeAt) / msEach(budgets))",
    test: "test/hosts/fastly/rate-counters.test.ts",
    named: "dearest",
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
    test: "test/hosts/node/load-core.test.ts",
    named: "changed in the cache",
  },
  {
    name: "cache: folders that others may write to",
    file: "src/cache/cache.ts",
    code: "(mode & 0o022) === 0",
    becomes: "mode > 0",
    test: "test/hosts/node/load-core.test.ts",
    named: "others may write",
  },
];
