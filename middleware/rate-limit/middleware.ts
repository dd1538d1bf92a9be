import { defineMiddleware } from "tenon";
import { isApproximate, LIMITS_PEERS, LIMITS_PRINCIPALS, SETTINGS } from "./settings.ts";

export default defineMiddleware({
  name: "rate-limit",
  version: "1.0.0",
  description: "Limits how much each caller may ask for in a time, over all instances and processes",
  settings: SETTINGS,
  capabilities: { kv: "keeps how much of each budget is spent" },
  requires: [
    {
      for: "exact limits",
      when: isApproximate(false),
      kv: { prefix: "keyPrefix", features: ["swap", "persistent"] },
    },
    { for: "approximate limits", when: isApproximate(true), kv: { prefix: "keyPrefix" } },
    { for: "limits by principal", when: LIMITS_PRINCIPALS, principal: true },
    { for: "limits by peer", when: LIMITS_PEERS, peer: true },
  ],
  handle() {
    throw new TypeError("assembly/index.ts is what answers requests");
  },
});
