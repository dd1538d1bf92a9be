/** Bounds of a JSON text. */
export interface ScanLimits {
  /** Nesting of arrays and objects. */
  maxDepth: number;
  /** Values and keys together. */
  maxTokens: number;
}

/** A member of an object, as offsets into the text. */
export interface Member {
  key: string;
  /** Offset of the key's opening quote. */
  from: number;
  /** Offset after the colon. */
  valueFrom: number;
  /** Offset after the value and the white space behind it. */
  to: number;
}

/** What a scan found: a fault, or the members of the objects that a message's transport cares about. */
export interface Scan {
  fault: "depth" | "tokens" | "duplicate-key" | "forbidden-key" | undefined;
  /** Members of the outermost object, of its `params`, and of the `_meta` in those. */
  members: [Member[], Member[], Member[]];
}

const FOLLOWED = ["params", "_meta"] as const;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

interface ObjectFrame {
  /** Keys seen so far; created with the second one, as most objects are small. */
  keys: Set<string> | undefined;
  firstKey: string | undefined;
  /** True where the next string is a key. */
  expectsKey: boolean;
  /** Where members are recorded, for objects the transport cares about. */
  members: Member[] | undefined;
  /** The member whose value is being read. */
  open: Member | undefined;
}

/**
 * Bounds a JSON text and finds repeated keys before anything parses it: `JSON.parse` spends seconds on deep nesting,
 * keeps the last of several equal keys without a word, and adopts `__proto__`. It looks at structure alone, one pass
 * without recursion; offsets mean something only when `JSON.parse` accepts the text too.
 */
export function scanJson(text: string, limits: ScanLimits): Scan {
  const members: Scan["members"] = [[], [], []];
  const stack: (ObjectFrame | undefined)[] = [];
  let top: ObjectFrame | undefined;
  let tokens = 1;
  const end = (fault: Scan["fault"]): Scan => ({ fault, members });

  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const close = closingQuote(text, at + 1);
        if (close === -1) return end(undefined);
        if (top?.expectsKey === true) {
          top.expectsKey = false;
          const key = keyText(text, at, close);
          if (key === "__proto__") return end("forbidden-key");
          if (!admitKey(top, key)) return end("duplicate-key");
          if (++tokens > limits.maxTokens) return end("tokens");
          if (top.members) top.open = { key, from: at, valueFrom: close + 1, to: close + 1 };
        }
        at = close;
        break;
      }
      case COLON:
        if (top?.open && top.open.to === top.open.valueFrom) top.open.valueFrom = at + 1;
        break;
      case COMMA:
        if (++tokens > limits.maxTokens) return end("tokens");
        if (top) {
          closeMember(top, at);
          top.expectsKey = true;
        }
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY: {
        if (stack.length >= limits.maxDepth) return end("depth");
        if (++tokens > limits.maxTokens) return end("tokens");
        const depth = stack.length;
        const followed =
          depth === 0 ||
          (depth <= FOLLOWED.length && top?.open?.key === FOLLOWED[depth - 1] && top !== undefined);
        top =
          text.charCodeAt(at) === OPEN_OBJECT
            ? {
                keys: undefined,
                firstKey: undefined,
                expectsKey: true,
                members: followed ? members[depth] : undefined,
                open: undefined,
              }
            : undefined;
        stack.push(top);
        break;
      }
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (top) closeMember(top, at);
        stack.pop();
        top = stack[stack.length - 1];
        break;
    }
  }
  return end(undefined);
}

function closeMember(frame: ObjectFrame, at: number): void {
  if (!frame.open) return;
  frame.open.to = at;
  frame.members!.push(frame.open);
  frame.open = undefined;
}

function admitKey(frame: ObjectFrame, key: string): boolean {
  if (frame.firstKey === undefined) {
    frame.firstKey = key;
    return true;
  }
  frame.keys ??= new Set([frame.firstKey]);
  if (frame.keys.has(key)) return false;
  frame.keys.add(key);
  return true;
}

/** Where the string ends whose content begins at an offset; -1 when it does not end. */
export function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
    at = text.indexOf('"', at + 1);
  }
  return -1;
}

/** Keys are compared as they are once parsed, so that an escape cannot hide a repeated one. */
function keyText(text: string, open: number, close: number): string {
  const raw = text.slice(open + 1, close);
  if (!raw.includes("\\")) return raw;
  try {
    return JSON.parse(text.slice(open, close + 1)) as string;
  } catch {
    return raw;
  }
}
