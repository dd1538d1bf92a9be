import http, { type Agent } from "node:http";
import https from "node:https";
import { setTimeout as pause } from "node:timers/promises";
import { authorize } from "./authorize.ts";
import {
  exchange,
  mayLeadTo,
  resolveHost,
  type Answer,
  type Exchange,
  type ExchangeSettings,
  type Network,
  type Reach,
  type ResolvedHost,
} from "./exchange.ts";
import { DEFAULT_LIMITS, type OciLimits } from "./limits.ts";
import { readBody } from "./read-body.ts";
import { foreignText, RegistryFailure } from "./registry-failure.ts";

/** How a registry is talked to. */
export interface RegistrySettings {
  /** Environment to look for Docker's configuration in. Default: that of the process. */
  env?: NodeJS.ProcessEnv;
  /** Whether to speak http. Default: never, but to this machine where it speaks no TLS. */
  plainHttp?: boolean;
  /** Further hosts, `host[:port]`, that may have the credentials of this registry to make tokens. Default: none. */
  authRealms?: readonly string[];
  /** Ends everything. */
  signal?: AbortSignal;
  /** What the registry may make this side do. */
  limits?: Partial<OciLimits>;
  /** How hosts are reached. Default: as the system does. */
  network?: Network;
}

/** A request to the registry. */
export interface RegistryRequest {
  method: Exchange["method"];
  /** Path below `/v2/`, or a URL that the registry gave. */
  target: string | URL;
  /** What a token has to be good for, such as `repository:acme/notes:pull`. */
  scopes: readonly string[];
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** Statuses to give back besides 2xx. */
  accept?: readonly number[];
}

const ERROR_BYTES = 16 * 1024;
const FIRST_PAUSE_MS = 250;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const BUSY: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const LOOPBACK_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Sends requests to one registry: with its credentials, past its redirects, and again when it is busy. */
export class RegistryClient {
  readonly limits: OciLimits;
  readonly #registry: string;
  readonly #settings: RegistrySettings;
  readonly #exchange: ExchangeSettings;
  /** Value of `authorization` by scopes. Goes to the origin of the registry alone. */
  readonly #authorizations: Map<string, string> = new Map();
  readonly #agents: Readonly<Record<string, Agent>> = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };
  #origin: Promise<URL> | undefined;
  #host: Promise<ResolvedHost> | undefined;

  constructor(registry: string, settings: RegistrySettings) {
    this.#registry = registry;
    this.#settings = settings;
    this.limits = { ...DEFAULT_LIMITS, ...settings.limits };
    this.#exchange = {
      limits: this.limits,
      network: settings.network ?? {},
      ...(settings.signal !== undefined && { signal: settings.signal }),
    };
  }

  /** Where the registry answers. */
  async origin(): Promise<URL> {
    return (this.#origin ??= this.#findOrigin());
  }

  /** Does again what failed in a way that may pass, up to `attempts` times in all. */
  async retrying<Result>(run: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        const again = error instanceof RegistryFailure ? error.options.again : undefined;
        const pauseMs = again?.pauseMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1);
        if (again === undefined || attempt >= this.limits.attempts || pauseMs > this.limits.pauseMs)
          throw error;
        // Spread, so that many who were sent away together do not come back together.
        await pause(pauseMs * (1 + Math.random() / 2), undefined, { signal: this.#settings.signal });
      }
    }
  }

  /**
   * Sends a request once, with an authorization when the registry asks for one.
   *
   * @throws RegistryFailure for any status that is neither 2xx nor accepted.
   */
  async send(request: RegistryRequest): Promise<Answer> {
    const origin = await this.origin();
    const url =
      typeof request.target === "string" ? new URL(`/v2/${request.target}`, origin) : request.target;
    if (url.origin !== origin.origin) {
      throw new RegistryFailure(
        `the registry wants to go on at another host, "${url.host}"`,
        "ERR_OCI_REFUSED",
      );
    }
    const key = request.scopes.join(" ");
    let answer = await this.#sendTo(url, request, this.#authorizations.get(key));
    const challenge = answer.headers["www-authenticate"];
    if (answer.status === 401 && challenge !== undefined) {
      answer.discard();
      const { authRealms = [], env = process.env } = this.#settings;
      const authorization = await authorize(
        {
          registry: this.#registry,
          origin,
          challenge,
          scopes: request.scopes,
          host: await this.#resolved(),
          authRealms,
          env,
        },
        this.#exchange,
      );
      this.#authorizations.set(key, authorization);
      answer = await this.#sendTo(url, request, authorization);
    }
    if (REDIRECTS.has(answer.status)) answer = await this.#follow(url, answer, request);
    if ((answer.status >= 200 && answer.status < 300) || request.accept?.includes(answer.status))
      return answer;
    throw await refusal(answer);
  }

  async #sendTo(url: URL, request: RegistryRequest, authorization: string | undefined): Promise<Answer> {
    return exchange(
      {
        method: request.method,
        url,
        host: await this.#resolved(),
        agent: this.#agents[url.protocol]!,
        headers: { ...request.headers, ...(authorization !== undefined && { authorization }) },
        ...(request.body !== undefined && { body: request.body }),
      },
      this.#exchange,
    );
  }

  /** Follows redirects of downloads: to https, without credentials, and not from the public network into a private one. */
  async #follow(from: URL, first: Answer, request: RegistryRequest): Promise<Answer> {
    const { reach } = await this.#resolved();
    let answer = first;
    let url = from;
    for (let hops = 1; REDIRECTS.has(answer.status); hops++) {
      answer.discard();
      if (request.method !== "GET" && request.method !== "HEAD")
        throw refused("the registry redirects an upload");
      if (hops > this.limits.redirects)
        throw refused(`it is redirected more than ${this.limits.redirects} times`);
      const { location } = answer.headers;
      if (location === undefined || !URL.canParse(location, url.href))
        throw refused("it is redirected to no URL");
      const next = new URL(location, url);
      if (next.protocol !== "https:" && !(next.protocol === "http:" && from.protocol === "http:")) {
        throw refused(`it is redirected to ${next.protocol}//${next.host}, which is not https`);
      }
      if (next.username !== "" || next.password !== "")
        throw refused("it is redirected to a URL with credentials");
      url = next;
      answer = await exchange(
        {
          method: request.method,
          url,
          headers: request.headers ?? {},
          host: await resolveHost(url, this.#exchange, (to: Reach) => mayLeadTo(reach, to)),
        },
        this.#exchange,
      );
    }
    return answer;
  }

  /** Resolved once, so that all that is asked comes from one machine. */
  async #resolved(): Promise<ResolvedHost> {
    this.#host ??= resolveHost(this.#secureOrigin(), this.#exchange).catch((error: unknown) => {
      this.#host = undefined;
      throw error;
    });
    return this.#host;
  }

  #secureOrigin(): URL {
    return new URL(`https://${this.#registry === "docker.io" ? "registry-1.docker.io" : this.#registry}`);
  }

  async #findOrigin(): Promise<URL> {
    const secure = this.#secureOrigin();
    const plain = new URL(`http://${secure.host}`);
    const { plainHttp } = this.#settings;
    if (plainHttp !== undefined) return plainHttp ? plain : secure;
    if (!LOOPBACK_HOST.test(secure.hostname)) return secure;
    // On this machine nobody is in between, and registries for development seldom have a certificate.
    try {
      const url = new URL("/v2/", secure);
      (await exchange({ method: "GET", url, host: await this.#resolved() }, this.#exchange)).discard();
      return secure;
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      return code === "EPROTO" || code === "ECONNRESET" ? plain : secure;
    }
  }
}

function refused(state: string): RegistryFailure {
  return new RegistryFailure(state, "ERR_OCI_REFUSED");
}

async function refusal(answer: Answer): Promise<RegistryFailure> {
  const { status } = answer;
  const said = await errorText(answer);
  const details = said === undefined ? [] : [`The registry says: ${said}`];
  if (status === 404)
    return new RegistryFailure("the registry has nothing by that name", "ERR_OCI_NOT_FOUND", {
      details,
      hint: "Check repository and tag, or log in: some registries hide what is private",
    });
  if (status === 401 || status === 403) {
    return new RegistryFailure("the registry does not allow it", "ERR_OCI_AUTH", {
      details,
      hint: "Log in to the registry with an account that may do this",
    });
  }
  const pauseMs = retryAfterMs(answer.headers["retry-after"]);
  return new RegistryFailure(`the registry answers with status ${status}`, "ERR_OCI_REFUSED", {
    details,
    ...(BUSY.has(status) && { again: pauseMs === undefined ? {} : { pauseMs } }),
  });
}

/** The first message of an error as registries give it, if it can be read. */
async function errorText(answer: Answer): Promise<string | undefined> {
  try {
    const text = new TextDecoder().decode(await readBody(answer, ERROR_BYTES));
    const { errors } = JSON.parse(text) as { errors?: { code?: unknown; message?: unknown }[] };
    const { code, message } = errors![0]!;
    const said = [code, message].filter((part) => typeof part === "string" && part !== "").join(": ");
    return said === "" ? undefined : foreignText(said);
  } catch {
    return undefined;
  }
}

// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
