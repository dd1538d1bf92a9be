import { DEFAULT_LIMITS, type Denied, type Limits, type NamedSignatures, type Settings } from "./settings.ts";
import { builtInSignatures, compileSignatures, type Signatures } from "./signatures.ts";
import { isLonger, replaceStrings, unescaped, unmasked } from "./visible-text.ts";

/** Where something was found. */
export type Place = "arguments" | "output";

/** What was found, and what became of it. */
export interface Finding {
  /** Name of the signatures, a slash, name of the rule; or name of the limit. */
  readonly rule: string;
  readonly where: Place;
  readonly action: "redact" | "refuse" | "report";
}

interface List {
  readonly signatures: Signatures;
  readonly action: "refuse" | "report";
}

/** What the settings let through. */
export class Policy {
  readonly #settings: Settings;
  readonly #denied: Readonly<Record<Place, readonly List[]>>;
  readonly #redacted: readonly Signatures[];

  /** @throws PatternError or RangeError when a pattern cannot be run. */
  constructor(settings: Settings) {
    this.#settings = settings;
    const { deny, redact = [] } = settings;
    this.#denied = { arguments: listsOf(deny?.arguments), output: listsOf(deny?.output) };
    this.#redacted = redact.map(signaturesOf);
  }

  /** The most bytes that the arguments, or the output, of a tool may have; without a tool those of everything else. */
  limit(where: Place, tool: string | undefined): number {
    const name = where === "arguments" ? "maxArgumentBytes" : "maxOutputBytes";
    const { tools = {} } = this.#settings;
    const ofTool: Limits = tool !== undefined && Object.hasOwn(tools, tool) ? tools[tool]! : {};
    return ofTool[name] ?? this.#settings[name] ?? DEFAULT_LIMITS[name];
  }

  /** What a JSON text must not contain; the last finding is the only one that can be a refusal. */
  inspect(json: string, where: Place, tool: string | undefined): Finding[] {
    if (isLonger(json, this.limit(where, tool))) return [{ rule: "size", where, action: "refuse" }];
    const findings: Finding[] = [];
    const lists = this.#denied[where];
    if (lists.length === 0) return findings;
    const text = unmasked(unescaped(json));
    for (const { signatures, action } of lists) {
      const rules = new Set<string>();
      for (const { rule } of signatures.find(text)) {
        if (rules.has(rule)) continue;
        rules.add(rule);
        findings.push({ rule: `${signatures.name}/${rule}`, where, action });
        if (action === "refuse") return findings;
      }
    }
    return findings;
  }

  /** The JSON text without what is to be redacted. Where that cannot be done, the last finding is a refusal. */
  redact(json: string): { json: string; findings: Finding[] } {
    const findings = new Map<string, Finding>();
    let result = json;
    for (const signatures of this.#redacted) {
      if (!matches(signatures, unescaped(result))) continue;
      result = replaceStrings(result, (text) => {
        let kept = 0;
        let replaced = "";
        for (const { rule, start, end } of signatures.find(text)) {
          replaced += `${text.slice(kept, start)}[redacted:${rule}]`;
          kept = end;
          const name = `${signatures.name}/${rule}`;
          findings.set(name, { rule: name, where: "output", action: "redact" });
        }
        return replaced + text.slice(kept);
      });
      // What is a number, or reaches from one string into the next, is nothing that could be replaced.
      const left = matches(signatures, unescaped(result));
      if (left !== undefined) {
        const rule = `${signatures.name}/${left}`;
        return {
          json: result,
          findings: [...findings.values(), { rule, where: "output", action: "refuse" }],
        };
      }
    }
    return { json: result, findings: [...findings.values()] };
  }
}

/** The first rule that matches. */
function matches(signatures: Signatures, text: string): string | undefined {
  for (const { rule } of signatures.find(text)) return rule;
  return undefined;
}

function listsOf(denied: readonly Denied[] = []): List[] {
  return denied.map(({ signatures, onMatch = "refuse" }) => ({
    signatures: signaturesOf(signatures),
    action: onMatch,
  }));
}

function signaturesOf(named: NamedSignatures): Signatures {
  return typeof named === "string" ? builtInSignatures(named) : compileSignatures(named);
}
