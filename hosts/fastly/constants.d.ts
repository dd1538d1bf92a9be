// What a bundle for Fastly writes in the place of free identifiers of the services, besides `GRANTS`.

/** Names of the stores that the service links. */
declare const CONFIG_STORE: string;
declare const KV_STORE: string;
declare const SECRET_STORE: string;

/** Names of the backends of granted origins. */
declare const BACKENDS: Readonly<Record<string, string>>;
