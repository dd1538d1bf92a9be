import type { Card } from "./cards.ts";
import { FONT, textWidth } from "./measure.ts";

/** Distances in px. */
export const SPACE = {
  /** Around the picture. */
  margin: 20,
  /** Inside a card, left and right. */
  inset: 14,
  /** From one line of a card to the next. */
  line: 18,
  /** Room of a door before its text. */
  door: 19,
  /** Between cards of a chain. */
  gap: 44,
  /** Between cards of a column. */
  stack: 14,
  /** Inside the frame of the core. */
  frame: 22,
  /** From the top of a card to the arrow that enters it. */
  entry: 21,
} as const;

const WIDTHS: Record<Card["kind"], { min: number; max: number }> = {
  host: { min: 110, max: 180 },
  middleware: { min: 150, max: 300 },
  router: { min: 150, max: 260 },
  provider: { min: 200, max: 360 },
};

/** A card in its place. */
export interface Placed {
  card: Card;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Height of a card. */
function heightOf({ rows }: Card): number {
  return 34 + rows.length * SPACE.line + (rows.length > 0 ? 6 : 0);
}

/** The width at which every line of every card fits, within what its kind may take. */
function widthOf(cards: readonly Card[]): number {
  const needed = cards.map(({ title, note = "", rows }) =>
    Math.max(
      textWidth(title, FONT.title) + (note === "" ? 0 : 16 + textWidth(note, FONT.text)),
      ...rows.map(
        ({ text, door, indented }) =>
          textWidth(text, FONT.text) + (door === undefined && !indented ? 0 : SPACE.door),
      ),
    ),
  );
  const { min, max } = WIDTHS[cards[0]!.kind];
  return Math.ceil(Math.min(max, Math.max(min, ...needed.map((each) => each + 2 * SPACE.inset))));
}

/** Cards of one chain, left to right. */
export function placeRow(cards: readonly Card[], x: number, y: number): Placed[] {
  if (cards.length === 0) return [];
  const width = widthOf(cards);
  return cards.map((card, i) => ({ card, x: x + i * (width + SPACE.gap), y, width, height: heightOf(card) }));
}

/** Cards below each other in as many columns as keep the picture wider than high, filled in order. */
export function placeColumns(cards: readonly Card[], x: number, y: number): Placed[][] {
  if (cards.length === 0) return [];
  const width = widthOf(cards);
  const heights = cards.map(heightOf);
  const total = heights.reduce((sum, height) => sum + height + SPACE.stack, 0);
  let count = 1;
  while (total / count > 420 + 160 * count && count < cards.length) count++;
  const columns: Placed[][] = [[]];
  let filled = 0;
  cards.forEach((card, i) => {
    const height = heights[i]!;
    // A card goes where its middle falls when all of them are divided evenly.
    const column = Math.min(count - 1, Math.floor(((filled + height / 2) / total) * count));
    while (columns.length <= column) columns.push([]);
    const above = columns.at(-1)!.at(-1);
    columns.at(-1)!.push({
      card,
      x: x + (columns.length - 1) * (width + SPACE.gap),
      y: above === undefined ? y : above.y + above.height + SPACE.stack,
      width,
      height,
    });
    filled += height + SPACE.stack;
  });
  return columns;
}

/** The right edge of the cards. */
export function rightOf(cards: readonly Placed[]): number {
  return Math.max(...cards.map(({ x, width }) => x + width));
}

/** The lower edge of the cards. */
export function bottomOf(cards: readonly Placed[]): number {
  return Math.max(...cards.map(({ y, height }) => y + height));
}
