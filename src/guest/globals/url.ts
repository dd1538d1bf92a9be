import { URL, URLSearchParams } from "whatwg-url-minimum";
import { defineGlobals } from "../define-globals.ts";

// There are no blobs that a URL could name.
Reflect.deleteProperty(URL, "createObjectURL");
Reflect.deleteProperty(URL, "revokeObjectURL");

defineGlobals({ URL, URLSearchParams });
