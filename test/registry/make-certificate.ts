import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../fixtures/programs.ts";

/** What makes certificates, or why it is not there. */
export const OPENSSL = findProgram("openssl", { ask: "version" });

/** A certificate that signs itself, and its key, as files and as text in PEM. */
export interface Certificate {
  certificate: string;
  key: string;
  pem: { certificate: string; key: string };
}

// Nobody takes a wildcard for a whole top-level domain.
const NAMES = [
  "localhost",
  ...["registry", "storage", "elsewhere", "inside", "auth"].map((name) => `${name}.example`),
];

/** Makes a certificate for `localhost` and some hosts below `.example`. */
export function makeCertificate(folder: string): Certificate {
  const certificate = join(folder, "certificate.pem");
  const key = join(folder, "key.pem");
  const subject = [
    "-subj",
    "/CN=tests",
    "-addext",
    `subjectAltName=IP:127.0.0.1,${NAMES.map((name) => `DNS:${name}`).join(",")}`,
  ];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync(OPENSSL.path!, ["req", ...kind, ...subject, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  return {
    certificate,
    key,
    pem: { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") },
  };
}
