/** One of the `keys` in the settings. */
export interface KeySetting {
  readonly id: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly subject?: string;
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  /** Of the form `2027-01-31T00:00:00Z`. */
  readonly expires?: string;
}

/** A key, read from its setting. */
export interface Key {
  readonly setting: KeySetting;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly expiresAt: number;
}

/** All keys of a server. */
export interface Keyring {
  /** The key with that SHA-256. It takes the same time whichever it is, and where there is none. */
  find(digest: Uint8Array): Key | undefined;
}

/**
 * Reads the keys.
 *
 * @throws TypeError when two have the same id or hash, or one expires on a day that there is not.
 */
export function createKeyring(settings: readonly KeySetting[]): Keyring {
  refuseTwice(settings.map(({ id }) => id));
  refuseTwice(settings.map(({ sha256 }) => sha256));
  const keys = settings.map((setting) => ({
    setting,
    expiresAt: expiryOf(setting),
    words: wordsOf(
      Uint8Array.from(setting.sha256.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16)),
    ),
  }));
  return {
    find(digest) {
      const presented = wordsOf(digest);
      // Every key is looked at, so that nothing is told by how long it takes.
      const [found] = keys.filter(({ words }) => isSame(words, presented));
      return found;
    },
  };
}

/** Compares each of the words, wherever they differ first. */
export function isSame(words: ArrayLike<number>, others: ArrayLike<number>): boolean {
  let difference = words.length ^ others.length;
  for (let at = 0; at < words.length; at++) difference |= words[at]! ^ others[at]!;
  return difference === 0;
}

/** Words take an eighth of the comparisons that bytes of hexadecimal would. */
function wordsOf(digest: Uint8Array): readonly number[] {
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return Array.from({ length: digest.length / 4 }, (_, word) => view.getInt32(word * 4));
}

function expiryOf({ id, expires }: KeySetting): number {
  if (expires === undefined) return Number.POSITIVE_INFINITY;
  const time = Date.parse(expires);
  // Some engines take the 31st of February for a day in March.
  if (Number.isNaN(time) || new Date(time).toISOString() !== expires.replace("Z", ".000Z")) {
    throw new TypeError(`the key "${id}" expires at a time that there is not`);
  }
  return time;
}

function refuseTwice(values: readonly string[]): void {
  if (new Set(values).size !== values.length) throw new TypeError("two keys have the same id or sha256");
}
