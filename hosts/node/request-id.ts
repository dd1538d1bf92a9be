const FIRST_MEMBER = /^\{"requestId":"([^"\\]{1,128})"/;

/**
 * The id of a request, from its context. Contexts that a protocol core made begin with it, so nothing is parsed, and what a
 * client says of itself further on is never taken for it. Nothing for a context that begins with something else.
 */
export function requestIdOf(context: string): string | undefined {
  return FIRST_MEMBER.exec(context)?.[1];
}
