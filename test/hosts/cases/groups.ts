import { BAD_INPUT } from "../bad-input.ts";
import { DECLARATIONS } from "../declarations.ts";
import type { CaseGroup } from "../portable-case.ts";
import { askingCore, keptCore, portableCore, servicesCore, trustedCore } from "../suite-core.ts";
import { ASKING } from "./asking.ts";
import { FAULTS } from "./faults.ts";
import { LIMITS } from "./limits.ts";
import { PROTOCOL } from "./protocol.ts";
import { GIVEN, KEPT, SERVICES, startSites, stopSites } from "./services.ts";
import { TRUST } from "./trust.ts";

/** Every case, by the server it is tried with. */
export const GROUPS: readonly CaseGroup[] = [
  {
    title: "protocol, failures and state",
    core: portableCore,
    // What ends or occupies a runtime comes last.
    cases: [...PROTOCOL, ...DECLARATIONS, ...BAD_INPUT, ...LIMITS, ...FAULTS],
  },
  { title: "tokens, scopes and rules", core: trustedCore, cases: TRUST },
  {
    title: "API keys and granted services",
    core: async () => servicesCore(await startSites()),
    end: stopSites,
    needs: GIVEN,
    hasDigest: false,
    cases: SERVICES,
  },
  { title: "what is kept", core: keptCore, needs: { kv: true }, cases: KEPT },
  { title: "questions to the client", core: askingCore, needs: { asks: true }, cases: ASKING },
];
