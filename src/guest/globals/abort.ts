import { defineGlobals } from "../define-globals.ts";
import { AbortController, AbortSignal } from "../web/abort-signal.ts";

defineGlobals({ AbortController, AbortSignal });
