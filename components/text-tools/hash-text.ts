import { defineTool } from "tenon";
import * as v from "valibot";
import { text, whole } from "./text-argument.ts";

const NAMES = { "sha-256": "SHA-256", "sha-384": "SHA-384", "sha-512": "SHA-512", "sha-1": "SHA-1" } as const;
type HashName = (typeof NAMES)[keyof typeof NAMES];

export const hashText = defineTool({
  name: "hash_text",
  title: "Hash text",
  description:
    "Computes the hash, or the HMAC, of a text, which is taken as UTF-8. SHA-1 is for comparing with what is there " +
    "already, not for security.",
  input: v.object({
    text: text("The text to hash"),
    algorithm: v.optional(
      v.pipe(v.picklist(["sha-256", "sha-384", "sha-512", "sha-1"]), v.description("Which hash function")),
      "sha-256",
    ),
    encoding: v.optional(
      v.pipe(v.picklist(["hex", "base64", "base64url"]), v.description("How the hash is written")),
      "hex",
    ),
    key: v.optional(
      v.pipe(
        v.string(),
        v.minLength(1),
        v.maxLength(1000),
        v.description("For an HMAC: its key, taken as UTF-8. Left out: a plain hash"),
      ),
    ),
  }),
  output: v.object({ hash: v.string(), algorithm: v.string(), bytes: whole("Size of the text in UTF-8") }),
  annotations: { readOnlyHint: true, openWorldHint: false },
  async run({ text: content, algorithm, encoding, key }) {
    const bytes = new TextEncoder().encode(content);
    const hash = NAMES[algorithm];
    const digest = key === undefined ? await crypto.subtle.digest(hash, bytes) : await hmac(hash, key, bytes);
    return {
      hash: encoded(new Uint8Array(digest), encoding),
      algorithm: key === undefined ? algorithm : `hmac-${algorithm}`,
      bytes: bytes.length,
    };
  },
});

async function hmac(hash: HashName, key: string, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const algorithm = { name: "HMAC", hash } as const;
  const keyBytes = new TextEncoder().encode(key);
  const imported = await crypto.subtle.importKey("raw", keyBytes, algorithm, false, ["sign"]);
  return crypto.subtle.sign(algorithm, imported, bytes);
}

function encoded(bytes: Uint8Array, encoding: "hex" | "base64" | "base64url"): string {
  if (encoding === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(String.fromCharCode(...bytes));
  if (encoding === "base64") return base64;
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
