import { defineGlobals } from "../define-globals.ts";
import { crypto } from "../web/crypto.ts";
import { CryptoKey, subtle } from "../web/subtle-crypto.ts";

defineGlobals({ subtle }, crypto);
defineGlobals({ crypto, CryptoKey });
