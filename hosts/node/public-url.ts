/** True for an http or https URL with nothing but a host, maybe a port, and a path. */
export function isPublicUrl(text: string): boolean {
  return URL.canParse(text) && isPlain(new URL(text), text);
}

/**
 * The host of a public URL, and its port where it is not the scheme's.
 *
 * @throws TypeError when the text is not a public URL.
 */
export function publicHost(text: string): string {
  if (!isPublicUrl(text)) {
    throw new TypeError(`Cannot be reached at "${text}": it is not like https://mcp.example/mcp`);
  }
  return new URL(text).host;
}

function isPlain({ protocol, username, password }: URL, text: string): boolean {
  const isHttp = protocol === "https:" || protocol === "http:";
  return isHttp && username === "" && password === "" && !/[?#]/.test(text);
}
