// What a bundle for Fastly writes in the place of free identifiers of the services, besides `GRANTS`.

/** Names of the stores that the service links. */
declare const CONFIG_STORE: string;
declare const KV_STORE: string;
declare const SECRET_STORE: string;

/** Names of the backends of granted origins. */
declare const BACKENDS: Readonly<Record<string, string>>;

/** Budgets of `rate-limit` that rate counters keep, and the name of the counter. In bundles that have any. */
declare const BUDGETS: readonly import("./counted-budget.ts").CountedBudgets[];
declare const RATE_COUNTER: string;
