import { provider } from "tenon";
import { diffText } from "./diff-text.ts";
import { extract } from "./extract.ts";
import { hashText } from "./hash-text.ts";
import { searchText } from "./search-text.ts";
import { textStatistics } from "./text-statistics.ts";

export default provider({
  name: "text-tools",
  version: "1.0.0",
  title: "Text tools",
  description: "Searches, compares, counts and hashes texts, and finds what is in them",
  tools: [searchText, diffText, extract, hashText, textStatistics],
});
