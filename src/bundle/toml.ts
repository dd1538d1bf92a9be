/** A basic string; TOML knows the escapes of JSON except those above U+001F, which it does not need. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}
