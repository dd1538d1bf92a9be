import { provider } from "tenon";
import { offers } from "./offers.ts";

/** The same for hosts that keep no tasks. */
export default provider(offers);
