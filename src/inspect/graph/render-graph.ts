import { formatSize } from "../format-size.ts";
import type { Inspection } from "../inspection.ts";
import { caption, hostCard, partCard, routerCard, type Card } from "./cards.ts";
import { bottomOf, placeColumns, placeRow, rightOf, SPACE, type Placed } from "./layout.ts";
import { fit, FONT, textWidth } from "./measure.ts";
import { drawCard, drawDoor, drawWire, escapeXml, label, round, styleSheet } from "./svg.ts";

/**
 * A picture of a component or a composed server as SVG: the chain from left to right, what each part may reach, what is
 * denied, and what is shared. Equal inspections give equal text. It needs no font of its own and follows the reader's
 * colour scheme.
 */
export function renderGraph(inspection: Inspection): string {
  const isServer = inspection.kind === "core" || inspection.kind === "bundle";
  const { elements, right, bottom } = isServer ? drawServer(inspection) : drawComponent(inspection);
  const [name, facts] = caption(inspection);
  const legend = drawLegend(bottom + 28, isServer);
  const head = [name!, facts!, ...alarm(inspection)];
  const width =
    Math.max(
      right,
      legend.right,
      ...head.map((text, i) => SPACE.margin + textWidth(text, i === 0 ? 18 : FONT.text)),
    ) + SPACE.margin;
  const height = bottom + 28 + SPACE.margin;
  const lines = head.map((text, i) =>
    i === 0
      ? label(text, { x: SPACE.margin, y: 36 }, { size: 18, bold: true })
      : label(
          text,
          { x: SPACE.margin, y: 40 + i * 18 },
          { className: i === 2 ? "alarm" : "faint", bold: i === 2 },
        ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" aria-labelledby="title desc">
<title id="title">${escapeXml(`How ${name} is composed`)}</title>
<desc id="desc">${escapeXml(describe(inspection))}</desc>
${[styleSheet(), `<rect class="paper" width="100%" height="100%"/>`, ...lines, ...elements, ...legend.elements].join("\n")}
</svg>
`;
}

interface Drawing {
  elements: string[];
  right: number;
  bottom: number;
}

/** Where the first card starts, below the caption. */
const TOP = 96;

function drawServer(inspection: Inspection): Drawing {
  const { parts, catalog, shared, core } = inspection;
  const role = (wanted: string): Card[] =>
    parts.filter((part) => part.role === wanted).map((part) => partCard(part, catalog));
  const providers = role("provider");
  // The wires to further columns of providers run above the cards.
  const top = TOP + SPACE.frame + 30;
  const [host] = placeRow([hostCard(core ?? inspection)], SPACE.margin, top);
  const frameLeft = rightOf([host!]) + SPACE.gap;
  const chain = placeRow(role("middleware"), frameLeft + SPACE.frame, top);
  const routerLeft = chain.length === 0 ? frameLeft + SPACE.frame : rightOf(chain) + SPACE.gap;
  const [router] = placeRow([routerCard(catalog!)], routerLeft, top);
  const columns = placeColumns(providers, rightOf([router!]) + SPACE.gap, top);
  const cards = [...chain, router!, ...columns.flat()];
  const frameRight = rightOf(cards) + SPACE.frame;
  const engineTop = bottomOf(cards) + SPACE.stack + 4;
  const frameInner = { x: frameLeft + SPACE.frame, width: frameRight - frameLeft - 2 * SPACE.frame };
  const engines = shared.map(({ size, usedBy }, i) => {
    const y = engineTop + i * 38;
    const made = parts.find(({ as }) => as === usedBy[0])?.toolchain?.engine;
    const what = made === undefined ? "shared module" : `${made.name} ${made.version}`;
    const text = `${what}, ${formatSize(size)}: in the file once, used by ${usedBy.length} of ${parts.length} parts`;
    return `<g class="card"><title>${escapeXml(usedBy.join(", "))}</title><rect class="box" x="${round(frameInner.x)}" y="${round(y)}" width="${round(frameInner.width)}" height="30" rx="8"/>${label(
      fit(text, frameInner.width - 2 * SPACE.inset, FONT.text),
      { x: frameInner.x + SPACE.inset, y: y + 19 },
    )}</g>`;
  });
  const frameBottom = engineTop + engines.length * 38 + 6;
  const title =
    core === undefined ? "core" : `core ${core.digest.slice(0, 19)}…, ${formatSize(core.sizes.raw)}`;
  const frame = `<rect class="frame" x="${round(frameLeft)}" y="${TOP - 8}" width="${round(frameRight - frameLeft)}" height="${round(frameBottom - TOP + 8)}" rx="12"/>${label(
    fit(title, frameRight - frameLeft - 2 * SPACE.frame, FONT.text),
    { x: frameLeft + SPACE.frame, y: TOP + 14 },
    { className: "faint" },
  )}`;
  return {
    elements: [
      frame,
      ...drawChain([host!, ...chain, router!]),
      ...drawBranches(router!, columns),
      ...[host!, ...cards].map(drawCard),
      ...engines,
    ],
    right: frameRight,
    bottom: Math.max(frameBottom, bottomOf([host!])),
  };
}

function drawComponent({ parts, catalog }: Inspection): Drawing {
  const placed = placeRow(
    parts.map((part) => partCard(part, catalog)),
    SPACE.margin,
    TOP - 14,
  );
  return { elements: placed.map(drawCard), right: rightOf(placed), bottom: bottomOf(placed) };
}

function drawChain(cards: readonly Placed[]): string[] {
  return cards.slice(1).map((to, i) => {
    const from = cards[i]!;
    const y = from.y + SPACE.entry;
    return drawWire(
      [
        [from.x + from.width, y],
        [to.x, y],
      ],
      true,
    );
  });
}

/** Where the line beside a column runs. */
function trunk(column: readonly Placed[]): number {
  return column[0]!.x - SPACE.gap / 2;
}

/** From the router to every provider: a line beside each column, joined above the cards. */
function drawBranches(router: Placed, columns: readonly (readonly Placed[])[]): string[] {
  if (columns.length === 0) return [];
  const from = router.y + SPACE.entry;
  const above = router.y - 15;
  const wires = [
    drawWire(
      [
        [router.x + router.width, from],
        [trunk(columns[0]!), from],
      ],
      false,
    ),
  ];
  columns.forEach((column, i) => {
    const x = trunk(column);
    const last = column.at(-1)!.y + SPACE.entry;
    const start: [number, number][] =
      columns.length === 1
        ? [[x, from]]
        : i === 0
          ? [[x, above]]
          : [
              [trunk(columns[i - 1]!), above],
              [x, above],
            ];
    wires.push(drawWire([...start, [x, last]], false));
    for (const { x: left, y } of column) {
      wires.push(
        drawWire(
          [
            [x, y + SPACE.entry],
            [left, y + SPACE.entry],
          ],
          true,
        ),
      );
    }
  });
  return wires;
}

function drawLegend(y: number, isServer: boolean): { elements: string[]; right: number } {
  if (!isServer) return { elements: [], right: 0 };
  const entries = [
    ["open", "granted, through a gate"],
    ["shut", "denied, by a stub"],
    ["wire", "tenon:mcp/handler"],
  ] as const;
  let x: number = SPACE.margin;
  const elements = entries.flatMap(([kind, text]) => {
    const symbol =
      kind === "wire"
        ? drawWire(
            [
              [x, y - 4],
              [x + 24, y - 4],
            ],
            true,
          )
        : drawDoor(kind, x, y - 10);
    const indent = kind === "wire" ? 32 : SPACE.door;
    const drawn = [symbol, label(text, { x: x + indent, y }, { className: "faint" })];
    x += indent + textWidth(text, FONT.text) + 26;
    return drawn;
  });
  return { elements, right: x - 26 };
}

function alarm({ contradictions: { length } }: Inspection): string[] {
  return length === 0
    ? []
    : [`The manifest and the bytes disagree in ${length} ${length === 1 ? "place" : "places"}.`];
}

function describe({ kind, chain = [], parts, stubs, shared }: Inspection): string {
  if (kind !== "core" && kind !== "bundle") return "A component that is not composed, with what it imports.";
  const gates = parts.filter(({ imports }) =>
    imports.some(({ wires }) => wires.some((wire) => wire.kind === "gate")),
  );
  const providers = parts.filter(({ role }) => role === "provider").map(({ as }) => as);
  return [
    `A request passes ${[...chain, "the router"].join(", then ")}, which forwards it to one of: ${providers.join(", ")}.`,
    gates.length === 0
      ? "Nothing is granted to any part."
      : `Gates stand before ${gates.map(({ as }) => as).join(", ")}.`,
    stubs.length === 1
      ? "One function is denied by a stub."
      : `${stubs.length} functions are denied by stubs.`,
    ...shared.map(({ size, usedBy }) => `A module of ${formatSize(size)} is shared by ${usedBy.join(", ")}.`),
  ].join(" ");
}
