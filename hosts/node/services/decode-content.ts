import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { ServiceFailure } from "../host-services.ts";

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const DECODERS: Record<string, Decode> = {
  gzip: promisify(gunzip) as Decode,
  "x-gzip": promisify(gunzip) as Decode,
  deflate: (bytes, options) =>
    // Some servers leave out the zlib header, whose first byte names the method.
    ((bytes[0]! & 0x0f) === 8 ? inflateZlib : inflateBare)(bytes, options),
  br: promisify(brotliDecompress) as Decode,
};
const inflateZlib = promisify(inflate) as Decode;
const inflateBare = promisify(inflateRaw) as Decode;
const MAX_CODINGS = 3;

/** What {@link decodeContent} can decode, as `accept-encoding` has it. */
export const ACCEPT_ENCODING = "gzip, deflate, br";

/**
 * Decodes content that was encoded for its way. Nothing when the encoding is not known here: the content then stays as
 * it came.
 *
 * @throws ServiceFailure `too-large` when it decodes to more than `maxBytes`, at whatever step; `unreachable` when it is
 * not what its encoding says.
 */
export async function decodeContent(
  bytes: Buffer,
  contentEncoding: string,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const codings = contentEncoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length > MAX_CODINGS || codings.some((coding) => !Object.hasOwn(DECODERS, coding)))
    return undefined;
  let decoded = bytes;
  // Codings are listed in the order they were applied.
  for (const coding of codings.toReversed()) {
    // Answers without content, such as those to HEAD, name the encoding it would have.
    if (decoded.length === 0) break;
    try {
      decoded = await DECODERS[coding]!(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
        throw new ServiceFailure("too-large");
      throw new ServiceFailure("unreachable", `the content is not ${coding}`);
    }
  }
  return decoded;
}
