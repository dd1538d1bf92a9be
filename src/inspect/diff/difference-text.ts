import type { Json } from "../../manifest/index.ts";
import type { Emphasis } from "../inspection-text.ts";
import { printable } from "../printable.ts";
import type {
  CapabilityChange,
  DefinitionChange,
  Difference,
  FactChange,
  MemberChange,
} from "./difference.ts";

/** Members written out of one definition. */
const MAX_MEMBERS = 200;
/** Characters of a value that are written out, from a little before where the two differ. */
const MAX_TEXT = 2000;
const CONTEXT = 60;

/**
 * A difference for a person: definitions with old and new text, then what widens, then the rest. Nothing of it can move a
 * terminal's cursor or hide what stands there.
 */
export function differenceText(difference: Difference, emphasis: Emphasis): string {
  const { definitions, capabilities, facts } = difference;
  if (difference.old.digest === difference.new.digest) return "no difference: the same bytes\n";
  const blocks = [
    block(
      "Definitions",
      definitions.flatMap((each) => definitionLines(each, emphasis)),
      emphasis,
    ),
    block(
      "Capabilities",
      capabilities.map((each) => capabilityLine(each, emphasis)),
      emphasis,
    ),
    block("Also", facts.map(factLine), emphasis),
  ].filter((lines) => lines.length > 0);
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function block(heading: string, lines: readonly string[], emphasis: Emphasis): string[] {
  return lines.length === 0 ? [] : [emphasis("bold", heading), ...lines];
}

const LISTS: Readonly<Record<DefinitionChange["list"], string>> = {
  server: "server",
  tools: "tool",
  resources: "resource",
  resourceTemplates: "template",
  prompts: "prompt",
};

function definitionLines({ list, name, change, members }: DefinitionChange, emphasis: Emphasis): string[] {
  const what =
    name === "*" ? wholeList(list, change, members) : `${LISTS[list]} ${printable(name)} ${change}`;
  const shown = members.slice(0, MAX_MEMBERS);
  return [
    `  ${change === "removed" ? what : emphasis("red", what)}`,
    ...shown.flatMap((member) => memberLines(member)),
    ...(members.length > shown.length
      ? [`    and ${members.length - shown.length} more values, which --json has`]
      : []),
  ];
}

function wholeList(list: DefinitionChange["list"], change: string, members: readonly MemberChange[]): string {
  if (list === "server") return "what the server says of itself changed";
  if (members.length > 0) return `order of the ${LISTS[list]}s changed`;
  return `${LISTS[list]}s that only the provider knows when it runs, ${change}`;
}

function memberLines(member: MemberChange): string[] {
  const { at } = member;
  const [old, is] = cutTogether(textOf(member.old), textOf(member.new));
  return [
    `    ${printable(at)}`,
    ...(old === undefined ? [] : [`      - ${old}`]),
    ...(is === undefined ? [] : [`      + ${is}`]),
  ];
}

function textOf(value: Json | undefined): string | undefined {
  return value === undefined
    ? undefined
    : printable(typeof value === "string" ? value : JSON.stringify(value));
}

/** Long texts from where they start to differ: what is left out at the front is the same in both. */
function cutTogether(old: string | undefined, is: string | undefined): (string | undefined)[] {
  const start = old === undefined || is === undefined ? 0 : commonStart(old, is);
  const from = start > 2 * CONTEXT ? start - CONTEXT : 0;
  return [old, is].map((text) => {
    if (text === undefined) return undefined;
    const shown = text.slice(from, from + MAX_TEXT);
    const left = text.length - from - shown.length;
    return `${from > 0 ? `…(${from} the same)…` : ""}${shown}${left > 0 ? `…(${left} more characters, which --json has)` : ""}`;
  });
}

function commonStart(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

function capabilityLine({ change, part, kind, what }: CapabilityChange, emphasis: Emphasis): string {
  const text = `${change.padEnd(8)} ${part === undefined ? "" : `${part}: `}${kind} ${what}`;
  return `  ${change === "narrowed" ? printable(text) : emphasis("red", printable(text))}`;
}

function factLine({ what, old = "none", new: is = "none" }: FactChange): string {
  return printable(`  ${what} ${old} → ${is}`);
}
