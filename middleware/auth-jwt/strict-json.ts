/** Strings and punctuation; what stands between them is for the parser. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;
const MAX_DEPTH = 16;

/**
 * The object that a JSON text says, where it says one thing alone: no name twice in an object (RFC 7519, section 4), none
 * called `__proto__`, at most 16 levels deep.
 *
 * @returns nothing for any other text.
 */
export function parseStrictObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!isUnambiguous(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the text before the parser does: that recurses, and keeps the last of two members. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{" || token === "[") {
      if (open.push(new Set()) > MAX_DEPTH) return false;
    } else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const name = nameOf(last);
      const names = open.at(-1);
      if (name === undefined || name === "__proto__" || names === undefined || names.has(name)) return false;
      names.add(name);
    }
    last = token;
  }
  return true;
}

/** Two spellings with escapes are one name. */
function nameOf(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined;
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}
