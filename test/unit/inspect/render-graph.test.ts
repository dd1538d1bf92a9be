import { expect, test } from "vitest";
import { renderGraph, type PartImport } from "../../../src/inspect/index.ts";
import { sampleInspection, samplePart } from "./sample-inspection.ts";

const LONG = "a-name-of-sixty-four-characters-which-is-the-most-that-one-takes";

function gate(origin: string): PartImport {
  const grant = { http: [{ origin, methods: ["GET", "POST", "PATCH"], paths: ["/v1/forecasts/", "/v2/"] }] };
  return { interface: "tenon:host/http@0.1.0", wires: [{ kind: "gate", grant, functions: ["send"] }] };
}

const STUB: PartImport = {
  interface: "tenon:host/kv@0.1.0",
  wires: [{ kind: "stub", functions: ["get", "set"] }],
};

/** A server with that many providers, some with long names and grants. */
function server(providers: number): ReturnType<typeof sampleInspection> {
  return sampleInspection(
    [
      samplePart("access-log", "middleware"),
      samplePart(providers % 2 === 0 ? LONG : "auth-jwt", "middleware", [gate("https://id.example")]),
      ...Array.from({ length: providers }, (_, i) =>
        samplePart(
          i % 3 === 1 ? `${LONG.slice(0, 60)}-${i}` : `p${i}`,
          "provider",
          i % 4 === 0 ? [STUB, gate(`https://${"long.".repeat(i + 1)}example:8443`)] : [],
        ),
      ),
    ],
    { contradictions: providers % 5 === 0 ? ["one"] : [] },
  );
}

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function boxOf(attributes: string, text: string): Box {
  const value = (name: string): number => Number(new RegExp(` ${name}="([^"]+)"`).exec(attributes)![1]);
  const size = value("font-size");
  // The widest of the common fixed-width fonts has an advance of 0.602 em.
  const characters = text.replaceAll(/&#\d+;/g, "x");
  const width = characters.length * 0.602 * size;
  const left = attributes.includes('text-anchor="end"') ? value("x") - width : value("x");
  return {
    text,
    left,
    right: left + width,
    top: value("y") - 0.95 * size,
    bottom: value("y") + 0.25 * size,
  };
}

function textBoxes(svg: string): Box[] {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, text]) =>
    boxOf(attributes!, text!),
  );
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** What is wrong with a text as XML, as far as this generator could get it wrong. */
function xmlMistakes(svg: string): string[] {
  const mistakes: string[] = [];
  const open: string[] = [];
  const text = svg.replaceAll(
    /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>/g,
    (_, end, name, rest, empty) => {
      if (/&(?!#\d+;)/.test(rest as string)) mistakes.push(`bare & in <${name}>`);
      if (end) {
        if (open.pop() !== name) mistakes.push(`</${name}> closes nothing`);
      } else if (!empty) open.push(name as string);
      return "";
    },
  );
  // Style sheets may hold what is none of XML's business.
  if (/[<]|&(?!#\d+;)/.test(text)) mistakes.push(`markup left over: ${/.{0,20}[<&].{0,20}/.exec(text)?.[0]}`);
  return [...mistakes, ...open];
}

test.each(Array.from({ length: 20 }, (_, i) => i + 1))(
  "the picture of %i providers has no text over another or outside of its card or the picture",
  (providers) => {
    const svg = renderGraph(server(providers));
    const boxes = textBoxes(svg);
    expect(boxes.length).toBeGreaterThan(providers * 3);
    const overlaps = boxes.flatMap((a, i) =>
      boxes
        .slice(i + 1)
        .filter((b) => overlap(a, b))
        .map((b) => [a.text, b.text]),
    );
    expect(overlaps).toEqual([]);
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number);
    expect(boxes.filter(({ right, bottom }) => right > width! || bottom > height!)).toEqual([]);
    const cards = [
      ...svg.matchAll(
        /<g class="card">.*?<rect class="box" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)".*?<\/text><\/g>/gs,
      ),
    ];
    expect(cards).toHaveLength(providers + 5);
    for (const [card, ...numbers] of cards) {
      const [x, y, w, h] = numbers.map(Number) as [number, number, number, number];
      const outside = textBoxes(card).filter(
        ({ left, right, top, bottom }) => left < x || right > x + w || top < y || bottom > y + h,
      );
      expect(outside).toEqual([]);
    }
    expect(xmlMistakes(svg)).toEqual([]);
  },
);

test("equal inspections give equal pictures", () => {
  expect(renderGraph(structuredClone(server(7)))).toBe(renderGraph(server(7)));
});

test("names and origins that are markup stay text", () => {
  const hostile = `<script>&"x'</text>`;
  const svg = renderGraph(
    sampleInspection([samplePart(hostile, "middleware"), samplePart("p", "provider", [gate(hostile)])], {
      name: hostile,
    }),
  );
  expect(xmlMistakes(svg)).toEqual([]);
  expect(svg).not.toContain("<script");
  expect(svg).toContain("&#60;script&#62;&#38;&#34;x&#39;&#60;/text&#62;");
});

test("control characters and directions of text do not reach the picture", () => {
  const svg = renderGraph(sampleInspection([samplePart("a\u0000b\u001b[31m\u202ec", "provider")]));
  expect(svg).toContain("a\ufffdb\ufffd[31m\ufffdc");
});

test("what is cut short stands whole in a tooltip, and the picture describes itself", () => {
  const svg = renderGraph(
    sampleInspection([
      samplePart(LONG, "provider"),
      samplePart("web", "provider", [gate("https://a.example")]),
    ]),
  );
  expect(svg).toContain(`<title>${LONG}`);
  expect(svg).toContain('role="img" aria-labelledby="title desc"');
  expect(svg).toContain('<title id="title">How sample 1.0.0 is composed</title>');
  expect(svg).toMatch(/<desc id="desc">A request passes the router, .* Gates stand before web\./);
});

test("each part shows what is granted to it and what is denied", () => {
  const svg = renderGraph(
    sampleInspection([samplePart("web", "provider", [gate("https://a.example"), STUB])]),
  );
  const lines = textBoxes(svg).map(({ text }) => text);
  expect(lines).toEqual(
    expect.arrayContaining([
      "http https://a.example",
      "GET|POST|PATCH /v1/forecasts/ /v2/",
      "kv",
      "wasi cli filesystem",
    ]),
  );
  expect(svg.match(/class="shut"/g)).toHaveLength(3);
});

test("a gate of unknown code and a forged manifest are shown as such", () => {
  const unknown: PartImport = {
    interface: "tenon:host/http@0.1.0",
    wires: [{ kind: "gate", functions: ["send"] }],
  };
  const svg = renderGraph(
    sampleInspection([samplePart("web", "provider", [unknown])], { contradictions: ["a", "b"] }),
  );
  expect(svg).toContain("http: gate unknown");
  expect(svg).toContain("The manifest and the bytes disagree in 2 places.");
});

test("a component that is not composed is one card with what it imports", () => {
  const part = samplePart("alone", "provider");
  part.imports = [{ interface: "tenon:host/http@0.1.0", wires: [{ kind: "open", functions: [] }] }];
  const svg = renderGraph(sampleInspection([part], { kind: "provider" }));
  const lines = textBoxes(svg).map(({ text }) => text);
  expect(lines).toEqual(expect.arrayContaining(["alone", "alone_tool", "tenon:host/http"]));
  expect(lines).not.toContain("router");
});
