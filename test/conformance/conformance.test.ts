import { afterAll } from "vitest";
import { startTenon } from "../fixtures/tenon.ts";
import { missingSuite, officialSuite } from "./official-suite.ts";

const server =
  missingSuite === undefined
    ? await startTenon("test/conformance/tenon.json", { args: ["--sessions"] })
    : undefined;
afterAll(() => server?.stop());

await officialSuite("Node", server?.url, missingSuite);
