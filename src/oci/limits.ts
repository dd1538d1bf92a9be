/** What a registry may make this side do. Whatever goes beyond is refused. */
export interface OciLimits {
  /** Bytes of a manifest or an index. Default 4 MiB. */
  manifestBytes: number;
  /** Bytes of a layer. Default 256 MiB. */
  layerBytes: number;
  /** Referrers of one artifact, of the kind asked for. Default 100. */
  referrers: number;
  /** Redirects of one request. Default 3. */
  redirects: number;
  /** Characters of a token. Default 16384. */
  tokenCharacters: number;
  /** Bytes of the header of an answer. Default 16 KiB. */
  headerBytes: number;
  /** Time until an answer begins, in milliseconds, once the request is sent. Default 30 s. */
  answerMs: number;
  /** Time a body may take in all, in milliseconds. Default 30 min. */
  transferMs: number;
  /** How often a body is looked at, in milliseconds: in each window it must go on. Default 10 s. */
  windowMs: number;
  /** Bytes that a body must go on in each window, unless it ends. Default 64 KiB. */
  windowBytes: number;
  /** Times a request is sent when a registry is busy or a connection fails. Default 4. */
  attempts: number;
  /** Longest pause before another attempt, in milliseconds. A registry that asks for a longer one has refused. Default 30 s. */
  pauseMs: number;
}

export const DEFAULT_LIMITS: Readonly<OciLimits> = {
  manifestBytes: 4 * 1024 * 1024,
  layerBytes: 256 * 1024 * 1024,
  referrers: 100,
  redirects: 3,
  tokenCharacters: 16 * 1024,
  headerBytes: 16 * 1024,
  answerMs: 30_000,
  transferMs: 30 * 60_000,
  windowMs: 10_000,
  windowBytes: 64 * 1024,
  attempts: 4,
  pauseMs: 30_000,
};
