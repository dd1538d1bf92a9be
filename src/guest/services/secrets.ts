import { get } from "tenon:host/secrets@0.1.0";
import type { Secrets } from "../../sdk/services.ts";
import { callHost, wellFormed } from "./service-error.ts";

/** `ctx.secrets` over `tenon:host/secrets`. */
export const secrets: Secrets = {
  async get(name) {
    return callHost("secrets", () => get(wellFormed("the name", name)));
  },
};
