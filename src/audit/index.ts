export { AUDIT_FORMAT, chainLine, hashOf, isMac, MAX_LINE_BYTES, START, type Link } from "./chain.ts";
export { headPath, headText, MAX_HEAD_BYTES, parseHead, type Head } from "./head.ts";
export { verifyAuditLog, type Finding, type Verification } from "./verify.ts";
