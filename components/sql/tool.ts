import { provider } from "tenon";
import { describeData } from "./describe-data.ts";
import { queryData } from "./query-data.ts";

export default provider({
  name: "sql",
  version: "1.0.0",
  title: "SQL over CSV and JSON",
  description: "Computes with tables that are given as CSV or JSON, in SQL",
  tools: [queryData, describeData],
});
