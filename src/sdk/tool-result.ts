import type { Annotations, Icon, Meta } from "./described.ts";

/** One block of a tool's answer (MCP, "Tool Result"). */
export type ContentBlock =
  | { type: "text"; text: string; annotations?: Annotations; _meta?: Meta }
  | {
      type: "image" | "audio";
      /** Base64. */
      data: string;
      mimeType: string;
      annotations?: Annotations;
      _meta?: Meta;
    }
  | {
      type: "resource_link";
      uri: string;
      name: string;
      title?: string;
      description?: string;
      mimeType?: string;
      size?: number;
      icons?: readonly Icon[];
      annotations?: Annotations;
      _meta?: Meta;
    }
  | {
      type: "resource";
      resource: { uri: string; mimeType?: string; _meta?: Meta } & ({ text: string } | { blob: string });
      annotations?: Annotations;
      _meta?: Meta;
    };

/** A complete answer of a tool, for what a string or an object cannot say. */
export interface ToolResult {
  content: readonly ContentBlock[];
  /** What the tool's `output` describes. */
  structuredContent?: unknown;
  /** True when the model should read the content as a failure. Default false. */
  isError?: boolean;
  _meta?: Meta;
}

/** Members each block must have, as strings. */
const BLOCK_STRINGS: Readonly<Record<string, readonly string[]>> = {
  text: ["text"],
  image: ["data", "mimeType"],
  audio: ["data", "mimeType"],
  resource_link: ["uri", "name"],
  resource: [],
};

/** True for an object whose `content` is a list: what a tool returns to answer with content blocks. */
export function isToolResult(value: unknown): value is ToolResult {
  return isObject(value) && Array.isArray(value["content"]);
}

/** What is wrong with the blocks of an answer; nothing when they are well formed. */
export function contentProblem(content: readonly unknown[]): string | undefined {
  for (const [index, block] of content.entries()) {
    const type = isObject(block) ? block["type"] : undefined;
    const strings =
      typeof type === "string" && Object.hasOwn(BLOCK_STRINGS, type) ? BLOCK_STRINGS[type] : undefined;
    if (strings === undefined) return `content[${index}] has no known type`;
    const missing = strings.find((name) => typeof (block as Record<string, unknown>)[name] !== "string");
    if (missing !== undefined) return `content[${index}].${missing} is not a string`;
    if (type === "resource" && !isResource((block as Record<string, unknown>)["resource"])) {
      return `content[${index}].resource has no uri with text or blob`;
    }
  }
  return undefined;
}

function isResource(value: unknown): boolean {
  if (!isObject(value) || typeof value["uri"] !== "string") return false;
  return typeof value["text"] === "string" || typeof value["blob"] === "string";
}

/** True for an object that is neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The result JSON for a text. */
export function textResult(text: string): string {
  return `{"content":[{"type":"text","text":${JSON.stringify(text)}}]}`;
}

/** How the JSON of every failed result starts, so that a middleware can tell it without parsing. */
export const ERROR_RESULT_START = '{"isError":true,';

/** The result JSON for a failure the model should read. */
export function errorResult(text: string): string {
  return `${ERROR_RESULT_START}"content":[{"type":"text","text":${JSON.stringify(text)}}]}`;
}

/** The result JSON for a value that matches the tool's `output`: the value, and its JSON as text. Nothing when it has no JSON. */
export function structuredResult(value: unknown): string | undefined {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) return undefined;
  return `{"content":[{"type":"text","text":${JSON.stringify(json)}}],"structuredContent":${json}}`;
}

/** The result JSON for content blocks; `isError` comes first when it is true. */
export function blockResult(result: ToolResult): string {
  const { content, structuredContent, isError, _meta } = result;
  return JSON.stringify({
    ...(isError === true ? { isError } : {}),
    content,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    ...(_meta === undefined ? {} : { _meta }),
  });
}
