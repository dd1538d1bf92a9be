export { attachAdapter, coreOf, type AdapterInput } from "./attach-adapter.ts";
export { compose, type ComposeInput, type Composition } from "./compose.ts";
export type { Wire, WiredImport, WiredPart, Wiring } from "./wiring.ts";
