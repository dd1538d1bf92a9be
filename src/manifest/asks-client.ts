/**
 * True for JavaScript that may ask the client of a call: it names `elicit` or `elicitUrl`, or calls a method `sample` or
 * `roots`, which are names of much else as well.
 */
export function asksClient(code: string): boolean {
  return /\belicit(?:Url)?\b|\.(?:sample|roots)\(/.test(code);
}
