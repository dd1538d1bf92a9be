import { defineGlobals } from "../define-globals.ts";
import { structuredClone } from "../web/structured-clone.ts";

defineGlobals({ structuredClone });
