import { defineGlobals } from "../define-globals.ts";
import { crypto } from "../web/crypto.ts";
import { getRandomValues, randomUUID } from "../web/random-values.ts";

defineGlobals({ getRandomValues, randomUUID }, crypto);
defineGlobals({ crypto });
