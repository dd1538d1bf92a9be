import { expect, test } from "vitest";
import {
  readSourceMap,
  readSourceMaps,
  writeSourceMap,
  writeSourceMaps,
} from "../../../src/source-map/index.ts";
import { replaceCustomSection } from "../../../src/wasm/index.ts";

const EMPTY = Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]);
const MAP = '{"version":3,"sources":[],"names":[],"mappings":""}';

test("a component carries one map, and the last one written", () => {
  const component = writeSourceMap(writeSourceMap(EMPTY, "{}"), MAP);
  expect(readSourceMap(component)).toBe(MAP);
  expect(readSourceMap(EMPTY)).toBeUndefined();
});

test("a core carries the maps of its parts by their names there", () => {
  const core = writeSourceMaps(EMPTY, [
    { as: "weather", bytes: writeSourceMap(EMPTY, MAP) },
    { as: "foreign", bytes: EMPTY },
  ]);
  expect(readSourceMaps(core)).toEqual(new Map([["weather", MAP]]));
});

test("a core none of whose parts has a map stays as it is", () => {
  expect(writeSourceMaps(EMPTY, [{ as: "foreign", bytes: EMPTY }])).toBe(EMPTY);
  expect(readSourceMaps(EMPTY)).toEqual(new Map());
});

test.for(["", "{", "[]", "1", "null", "\u00ff\u00fe"])("a section that holds %j counts as none", (text) => {
  const component = replaceCustomSection(EMPTY, "tenon:source-map", Buffer.from(text, "latin1"));
  expect(readSourceMap(component)).toBeUndefined();
  expect(writeSourceMaps(EMPTY, [{ as: "a", bytes: component }])).toBe(EMPTY);
});
