import { defineGlobals } from "../define-globals.ts";
import { crypto } from "../web/crypto.ts";

defineGlobals({ crypto });
