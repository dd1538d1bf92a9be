import { defineGlobals } from "../define-globals.ts";
import { Event, EventTarget } from "../web/event-target.ts";

defineGlobals({ Event, EventTarget });
