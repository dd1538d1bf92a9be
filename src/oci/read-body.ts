import type { Answer } from "./exchange.ts";

/**
 * The whole body of an answer.
 *
 * @throws RegistryFailure when it has more bytes than it may, or comes too slowly.
 */
export async function readBody(answer: Answer, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.chunks(maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
