import * as asking from "./asking.ts";
import * as changes from "./changes.ts";
import { jsonSchema } from "./json-schema.ts";
import * as prompts from "./prompts.ts";
import { region } from "./region.ts";
import * as resources from "./resources.ts";
import * as tools from "./tools.ts";

const { template, ...fixed } = resources;
const { watched, ...changing } = changes;
const { askingPrompt, ...askingTools } = asking;

/** What every host can offer, which is all but tasks. */
export const offers = {
  name: "conformance",
  version: "1.0.0",
  tools: [
    ...Object.values(tools),
    jsonSchema,
    region,
    ...Object.values(askingTools),
    ...Object.values(changing),
  ],
  resources: [...Object.values(fixed), watched],
  resourceTemplates: [template],
  prompts: [...Object.values(prompts), askingPrompt],
};
