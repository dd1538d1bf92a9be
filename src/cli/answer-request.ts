/** A person at a terminal. */
export interface Person {
  tell(text: string): void;
  /** The line they type; nothing once their input has ended. */
  ask(question: string): Promise<string | undefined>;
}

/** What a server asks of its client. */
export interface ClientRequest {
  method: string;
  params?: { mode?: string; message?: string; url?: string; requestedSchema?: Form };
}

interface Form {
  properties?: Record<string, Field>;
  required?: string[];
}

interface Choice {
  const: string;
  title?: string;
}

interface Field {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  oneOf?: Choice[];
  items?: { enum?: string[]; anyOf?: Choice[] };
}

/** How an elicitation ended (MCP, "ElicitResult"). */
export interface ElicitResult {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, unknown>;
}

// Servers are not trusted with the terminal: what they say must not move its cursor, or colour what is not theirs.
// oxlint-disable-next-line no-control-regex -- those are what is taken out
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Has a person answer an elicitation: each field of a form, or whether a URL was opened. An empty line takes the default,
 * or leaves out a field that is not required; the end of their input cancels.
 *
 * @throws TypeError when the server asks for something else.
 */
export async function answerRequest(
  { method, params = {} }: ClientRequest,
  person: Person,
): Promise<ElicitResult> {
  if (method !== "elicitation/create") throw new TypeError(`the server asks for ${printable(method)}`);
  person.tell(printable(params.message ?? ""));
  if (params.mode === "url") {
    person.tell(printable(params.url ?? ""));
    const line = await person.ask("Open it and go on? [y/N] ");
    if (line === undefined) return { action: "cancel" };
    return { action: isYes(line) ? "accept" : "decline" };
  }
  const { properties = {}, required = [] } = params.requestedSchema ?? {};
  const content: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(properties)) {
    const value = await askField(name, field, required.includes(name), person);
    if (value === CANCELLED) return { action: "cancel" };
    if (value !== undefined) content[name] = value;
  }
  return { action: "accept", content };
}

const CANCELLED = Symbol("cancelled");

/** Asks until the line is a value of the field. */
async function askField(name: string, field: Field, required: boolean, person: Person): Promise<unknown> {
  const choices = choicesOf(field);
  const label = printable(field.title ?? name);
  if (field.description !== undefined) person.tell(`${label}: ${printable(field.description)}`);
  for (const { const: value, title } of choices) {
    person.tell(`  ${printable(value)}${title === undefined ? "" : `  ${printable(title)}`}`);
  }
  const preset = field.default === undefined ? "" : ` [${printable(JSON.stringify(field.default))}]`;
  for (;;) {
    const line = await person.ask(`${label}${preset}: `);
    if (line === undefined) return CANCELLED;
    if (line === "" && field.default !== undefined) return field.default;
    if (line === "" && !required) return undefined;
    const value = readValue(line, field.type, choices);
    if (value !== undefined) return value;
    person.tell(`That is not ${expected(field.type, choices)}.`);
  }
}

function choicesOf({ enum: values, oneOf, items }: Field): Choice[] {
  return oneOf ?? items?.anyOf ?? (values ?? items?.enum ?? []).map((value) => ({ const: value }));
}

function readValue(line: string, type: string | undefined, choices: readonly Choice[]): unknown {
  const text = line.trim();
  const known = (value: string): boolean =>
    choices.length === 0 || choices.some((choice) => choice.const === value);
  switch (type) {
    case "number":
    case "integer": {
      const value = Number(text);
      const valid =
        text !== "" && (type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value));
      return valid ? value : undefined;
    }
    case "boolean":
      if (isYes(text)) return true;
      return /^(?:n|no|false)$/i.test(text) ? false : undefined;
    case "array": {
      const values = text.split(",").map((value) => value.trim());
      return values.every(known) ? values : undefined;
    }
    default:
      return known(choices.length === 0 ? line : text) ? (choices.length === 0 ? line : text) : undefined;
  }
}

function expected(type: string | undefined, choices: readonly Choice[]): string {
  if (type === "array") return "a list of those, with commas between them";
  if (choices.length > 0) return "one of those";
  return type === "boolean" ? "yes or no" : type === "integer" ? "a whole number" : "a number";
}

function isYes(line: string): boolean {
  return /^(?:y|yes|true)$/i.test(line.trim());
}

function printable(text: string): string {
  return text.replaceAll(CONTROLS, "");
}
