import { get } from "tenon:host/config@0.1.0";
import type { Config } from "../../sdk/services.ts";
import { callHost, wellFormed } from "./service-error.ts";

/** `ctx.config` over `tenon:host/config`. */
export const config: Config = {
  async get(key) {
    return callHost("config", () => get(wellFormed("the key", key))) ?? undefined;
  },
};
