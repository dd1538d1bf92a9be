import { defineGlobals } from "../define-globals.ts";
import { Headers } from "../web/headers.ts";
import { Request } from "../web/request.ts";
import { Response } from "../web/response.ts";

defineGlobals({ Headers, Request, Response });
