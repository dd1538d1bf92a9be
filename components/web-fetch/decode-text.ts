import { ToolError } from "tenon";

/** What 0x80 to 0x9F mean in windows-1252, which browsers read ISO 8859-1 and ASCII as too. */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const LATIN = new Set(["iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"]);
const CHUNK = 8192;

/**
 * The text of a content.
 *
 * @param charset What the response says, if anything.
 * @throws ToolError for a character encoding that is neither UTF-8 nor windows-1252.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  const label = (charset ?? declaredCharset(bytes) ?? "utf-8").toLowerCase();
  if (label === "utf-8" || label === "utf8") return new TextDecoder().decode(bytes);
  if (LATIN.has(label)) return decodeLatin(bytes);
  throw new ToolError(
    `The page is written in "${label.slice(0, 40)}"; only UTF-8 and windows-1252 can be read`,
  );
}

/** What the start of an HTML document says of its encoding. */
function declaredCharset(bytes: Uint8Array): string | undefined {
  const start = decodeLatin(bytes.subarray(0, 1024));
  return /<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{1,40})/i.exec(start)?.[1];
}

function decodeLatin(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return text.replaceAll(/[\u0080-\u009f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80]!);
}
