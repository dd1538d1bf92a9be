import { officialSuiteOn } from "./bundled-core.ts";

await officialSuiteOn("fastly");
