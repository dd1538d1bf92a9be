export { admitCore } from "./admit-core.ts";
export { attachAdapter, coreOf, type AdapterInput } from "./attach-adapter.ts";
export { compose, type ComposeInput, type Composition } from "./compose.ts";
export { constantResults } from "./constant-results.ts";
export { proveCore, type ProvenCore } from "./prove-core.ts";
export { stubbedFunctions } from "./prove-parts.ts";
export { definitionOf } from "./routes.ts";
export { ungatedImports } from "./ungated.ts";
export { readWiring, type Wire, type WiredImport, type WiredPart, type Wiring } from "./wiring.ts";
