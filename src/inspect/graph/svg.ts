import type { Placed } from "./layout.ts";
import { SPACE } from "./layout.ts";
import { fit, FONT, textWidth } from "./measure.ts";

/** Text for XML; characters that XML does not allow become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|\p{Cf}/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** Colours of both schemes: every class is set in light, and again in dark. */
const COLOURS = {
  ".paper": { fill: ["#ffffff", "#0d1117"] },
  ".frame": { fill: ["#f6f8fa", "#151b23"], stroke: ["#c5ced8", "#3d444d"] },
  ".box": { fill: ["#ffffff", "#0d1117"], stroke: ["#c5ced8", "#3d444d"] },
  ".ink": { fill: ["#1f2328", "#f0f6fc"] },
  ".faint": { fill: ["#59636e", "#9aa4af"] },
  ".wire": { stroke: ["#6e7781", "#8b949e"], fill: ["none", "none"] },
  ".head": { fill: ["#6e7781", "#8b949e"] },
  ".host": { fill: ["#6e7781", "#8b949e"] },
  ".router": { fill: ["#9a6700", "#d29922"] },
  ".middleware": { fill: ["#8250df", "#ab7df8"] },
  ".provider": { fill: ["#0969da", "#4493f8"] },
  ".open": { fill: ["#1a7f37", "#3fb950"], stroke: ["#1a7f37", "#3fb950"] },
  ".shut": { fill: ["#c4232f", "#f85149"] },
  ".knob": { fill: ["#ffffff", "#0d1117"] },
  ".alarm": { fill: ["#c4232f", "#f85149"] },
} as const;

/** The style sheet: no font of its own, dark where the reader prefers it. */
export function styleSheet(): string {
  const font = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';
  return `<style>text{font-family:${font};white-space:pre}${colourRules(0)}@media(prefers-color-scheme:dark){${colourRules(1)}}</style>`;
}

function colourRules(scheme: 0 | 1): string {
  const rules = Object.entries(COLOURS).map(([selector, properties]) => {
    const body = Object.entries(properties).map(([name, colours]) => `${name}:${colours[scheme]}`);
    return `${selector}{${body.join(";")}}`;
  });
  return rules.join("");
}

/** A line of text; `x` is its left end, or its right end for `end`. */
export function label(
  text: string,
  at: { x: number; y: number },
  options: { size?: number; className?: string; bold?: boolean; end?: boolean } = {},
): string {
  const { size = FONT.text, className = "ink", bold = false, end = false } = options;
  return `<text x="${round(at.x)}" y="${round(at.y)}" font-size="${size}" class="${className}"${bold ? ' font-weight="600"' : ""}${end ? ' text-anchor="end"' : ""}>${escapeXml(text)}</text>`;
}

/** A card with its lines; what is cut short stands whole in its tooltip. */
export function drawCard({ card, x, y, width, height }: Placed): string {
  const { kind, title, note, rows } = card;
  const inner = width - 2 * SPACE.inset;
  const noteWidth = note === undefined ? 0 : textWidth(note, FONT.text) + 16;
  const cut: string[] = [];
  const cutTo = (text: string, room: number, size: number): string => {
    const shown = fit(text, room, size);
    if (shown !== text) cut.push(text);
    return shown;
  };
  const left = x + SPACE.inset;
  const lines = [
    label(
      cutTo(title, inner - noteWidth, FONT.title),
      { x: left, y: y + 24 },
      { size: FONT.title, bold: true },
    ),
  ];
  if (note !== undefined) {
    lines.push(label(note, { x: x + width - SPACE.inset, y: y + 24 }, { className: "faint", end: true }));
  }
  rows.forEach(({ text, door, indented, faint, alarm }, i) => {
    const base = y + 44 + i * SPACE.line;
    const indent = door === undefined && !indented ? 0 : SPACE.door;
    if (door !== undefined) lines.push(drawDoor(door, left, base - 10));
    lines.push(
      label(
        cutTo(text, inner - indent, FONT.text),
        { x: left + indent, y: base },
        { className: alarm ? "alarm" : faint ? "faint" : "ink" },
      ),
    );
  });
  const tooltip = cut.length === 0 ? "" : `<title>${escapeXml(cut.join("\n"))}</title>`;
  return `<g class="card">${tooltip}<rect class="box" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="8"/><rect class="${kind}" x="${round(x)}" y="${round(y + 9)}" width="3.5" height="${round(height - 18)}" rx="1.75"/>${lines.join("")}</g>`;
}

/** A door, 12 px high: open with its leaf turned, or shut. */
export function drawDoor(door: "open" | "shut", x: number, y: number): string {
  const at = `transform="translate(${round(x)} ${round(y)})"`;
  return door === "open"
    ? `<g ${at}><path class="open" fill-opacity="0" stroke-width="1.4" d="M.7 12V.7h8.6V12"/><path class="open" stroke-width=".6" d="M.7.7l5 2.2v10.6l-5-1.5z"/></g>`
    : `<g ${at}><rect class="shut" width="10" height="12" rx="1.2"/><circle class="knob" cx="7.6" cy="6.4" r="1.1"/></g>`;
}

/** Lines at right angles through the points. */
export function drawWire(points: readonly (readonly [number, number])[], arrow: boolean): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  const [x, y] = points.at(-1)!;
  const head = arrow ? `<path class="head" d="M${round(x)} ${round(y)}l-7 -4v8z"/>` : "";
  return `<path class="wire" stroke-width="1.5" d="${path}"/>${head}`;
}

/** Numbers as short as they can be, so that equal pictures are equal bytes. */
export function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
