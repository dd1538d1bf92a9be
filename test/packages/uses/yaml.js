import { parse, parseDocument, stringify } from "yaml";

const text = `# a garden
defaults: &defaults { sun: full, water: 2.5 }
beds:
  - name: "north"
    <<: *defaults
    crops: [leek, kale]
  - name: south
    notes: |
      two
      lines
    since: 2026-03-01
`;

export default function use() {
  const document = parseDocument(text);
  document.setIn(["beds", 0, "name"], "far north");
  return {
    parsed: parse(text, { merge: true }),
    edited: String(document),
    written: stringify({ a: [1, null, "no"], b: { c: "x: y" } }),
    problem: parseDocument("a: [1, 2").errors[0]?.code,
  };
}
