const MAX_LENGTH = 8 * 1024;
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;

/** Text for what `console.log` is given: `%s %d %i %f %j %o %O %c` in a first string, then the rest with spaces. */
export function formatArguments(values: readonly unknown[]): string {
  let rest = values;
  const parts: string[] = [];
  const [first] = values;
  if (typeof first === "string") {
    let used = 1;
    parts.push(
      first.replaceAll(/%[sdifjoOc%]/g, (directive) => {
        if (directive === "%%") return "%";
        if (used >= values.length) return directive;
        const value = values[used];
        used += 1;
        return formatDirective(directive, value);
      }),
    );
    rest = values.slice(used);
  }
  for (const value of rest) parts.push(typeof value === "string" ? value : formatValue(value));
  return parts.join(" ");
}

function formatDirective(directive: string, value: unknown): string {
  switch (directive) {
    case "%s":
      return formatValue(value);
    case "%d":
    case "%f":
      return String(Number(value));
    case "%i":
      return String(Math.trunc(Number(value)));
    case "%c":
      return "";
    default:
      return formatValue(value);
  }
}

/** Text for one value: at most 8 Ki characters, 4 levels and 50 items of each list or object. */
export function formatValue(value: unknown): string {
  const text = format(value, 0, []);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

function format(value: unknown, depth: number, parents: readonly unknown[]): string {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value.slice(0, MAX_LENGTH));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "(anonymous)"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (parents.includes(value)) return "[circular]";
  try {
    return formatObject(value, depth, [...parents, value]);
  } catch {
    return "[unreadable]";
  }
}

function formatObject(value: object, depth: number, parents: readonly unknown[]): string {
  if (value instanceof Error) return formatError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? "[…]" : "{…}";
  const inner = (item: unknown): string => format(item, depth + 1, parents);
  if (Array.isArray(value)) return `[${items(value, value.length, inner)}]`;
  if (ArrayBuffer.isView(value)) return `${nameOf(value)}(${value.byteLength} bytes)`;
  if (value instanceof Map) {
    return `Map(${value.size}) {${items(value, value.size, ([key, item]) => `${inner(key)} => ${inner(item)}`)}}`;
  }
  if (value instanceof Set) return `Set(${value.size}) {${items(value, value.size, inner)}}`;
  const keys = Object.keys(value);
  const members = items(
    keys,
    keys.length,
    (key) => `${key}: ${inner((value as Record<string, unknown>)[key])}`,
  );
  const name = nameOf(value);
  return `${name === "Object" ? "" : `${name} `}{${members === "" ? "" : ` ${members} `}}`;
}

/** The engine's stack holds neither the name nor the message. */
function formatError(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  const stack = (error.stack ?? "").trimEnd();
  if (stack === "") return head;
  return stack.includes(error.message) && error.message !== "" ? stack : `${head}\n${stack}`;
}

function items<T>(values: Iterable<T>, count: number, each: (value: T) => string): string {
  const shown: string[] = [];
  for (const value of values) {
    if (shown.length === MAX_ITEMS) {
      shown.push(`… ${count - MAX_ITEMS} more`);
      break;
    }
    shown.push(each(value));
  }
  return shown.join(", ");
}

function nameOf(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}
