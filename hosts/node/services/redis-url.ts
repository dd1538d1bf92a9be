import { ToolkitError } from "../../../src/errors/index.ts";

/** Where a Redis is, and what is ours in it. */
export interface RedisPlace {
  options: { host: string; port: number; db: number; username?: string; password?: string };
  /** True for TLS. */
  isSecure: boolean;
  /** What every key starts with. */
  prefix: string;
  /** The URL without credentials. */
  shown: string;
}

const DEFAULT_PORT = 6379;
const DEFAULT_PREFIX = "tenon:";
const FORM =
  'Write "redis://user:password@host:6379/0?prefix=tenon:", where only the host is needed; "rediss:" for TLS';

/** @throws ToolkitError `ERR_CONFIG`, without what may be a password, when it is no URL of a Redis. */
export function readRedisUrl(text: string): RedisPlace {
  const scheme = text.slice(0, text.indexOf(":"));
  const wrong = (problem: string): ToolkitError =>
    new ToolkitError(`Cannot open store "${scheme}:…": ${problem}`, { code: "ERR_CONFIG", hint: FORM });
  if (!URL.canParse(text)) throw wrong("it is not a URL");
  const url = new URL(text);
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  if (!host) throw wrong("it names no host");
  const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1];
  if (db === undefined) throw wrong("the database is not a number");
  const other = [...url.searchParams.keys()].find((name) => name !== "prefix");
  if (other !== undefined) throw wrong(`it has the parameter "${other}"`);
  const prefixes = url.searchParams.getAll("prefix");
  const prefix = prefixes[0] ?? DEFAULT_PREFIX;
  if (prefixes.length > 1 || !/^[!-~]{1,64}$/.test(prefix)) {
    throw wrong("the prefix is not 1 to 64 printable characters of ASCII");
  }
  if (url.hash !== "") throw wrong("it has a fragment");
  const [username, password] = [decode(url.username), decode(url.password)];
  if (username === undefined || password === undefined)
    throw wrong("the user or password is not percent-encoded");
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return {
    options: { host, port, db: Number(db), ...(username && { username }), ...(password && { password }) },
    isSecure: url.protocol === "rediss:",
    prefix,
    shown: `${url.protocol}//${url.hostname}:${port}/${Number(db)}`,
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
