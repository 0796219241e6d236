/** Read input of a bounded size. */
import { EXIT, Failure } from "./failure.ts";

/** Input beyond this size is not a payload. A device may have no end. */
const INPUT_BYTES_MAX = 64 * 1024 * 1024;

/** @param name what is read, at the beginning of a sentence */
export async function readBounded(input: AsyncIterable<Uint8Array | string>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX) throw new Failure(EXIT.failed, "INPUT_TOO_LARGE", `${name} is over 64 MB.`);
  }
  return Buffer.concat(chunks);
}
