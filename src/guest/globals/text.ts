import { defineGlobals } from "../define-globals.ts";
import { TextDecoder } from "../web/text-decoder.ts";
import { TextEncoder } from "../web/text-encoder.ts";

defineGlobals({ TextDecoder, TextEncoder });
