export { compose, type ComposeInput, type Composition } from "./compose.ts";
