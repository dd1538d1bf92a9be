export { formatSize } from "../inspect/format-size.ts";
