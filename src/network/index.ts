export { isLinkLocalAddress, isLoopbackAddress, isPublicAddress } from "./public-address.ts";
