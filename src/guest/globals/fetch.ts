import { defineGlobals } from "../define-globals.ts";
import { http } from "../services/http.ts";

defineGlobals(http);
