export { digestOf } from "./digest.ts";
export type { Network } from "./exchange.ts";
export type { OciLimits } from "./limits.ts";
export { EMPTY_TYPE, readImageManifest, MANIFEST_TYPE, type Descriptor } from "./manifest.ts";
export { DEFAULT_TAG, pullComponent, type PulledComponent, type PullOptions } from "./pull.ts";
export { pushComponent } from "./push.ts";
export { formatReference, isOciReference, parseReference, type OciReference } from "./reference.ts";
export {
  openRepository,
  type Referrer,
  type Repository,
  type RepositorySettings,
  type TransferProgress,
} from "./repository.ts";
