// Unpacks gzip files of one or more members, off the thread that parses them.

import { createGunzip, type Gunzip as ZlibGunzip } from "node:zlib";
import { EngineError } from "../../proto/errors.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { ByteBlocks, Gunzip } from "../sources/byte-reader.ts";

function damaged(uri: string, byteOffset: number, reason: string, cause?: unknown): EngineError {
  return new EngineError(
    "INPUT_UNREADABLE",
    `${uri} is a damaged gzip file near byte ${byteOffset}: ${reason}; replace the file`,
    { file: uri, byteOffset },
    cause,
  );
}

/** Feeds packed blocks until the end; what it throws ends the stream. */
async function feed(packed: ByteBlocks, stream: ZlibGunzip): Promise<number> {
  let fed = 0;
  for (let block = await packed.next(); block !== undefined; block = await packed.next()) {
    fed += block.length;
    // The block changes with the next read, so the stream must have taken it by then.
    const part = block;
    await new Promise<void>((resolve, reject) => {
      stream.write(part, (error) => (error ? reject(error) : resolve()));
    });
    if (stream.destroyed) break;
  }
  stream.end();
  return fed;
}

async function* unpack(packed: ByteBlocks, uri: string, fileBytes: number) {
  const stream = createGunzip({ chunkSize: readBytesMax });
  let readFailure: unknown;
  const fed = feed(packed, stream).catch((error: unknown) => {
    readFailure = error;
    stream.destroy(error instanceof Error ? error : undefined);
    return 0;
  });
  try {
    for await (const block of stream) yield block as Uint8Array;
  } catch (cause) {
    if (readFailure instanceof EngineError) throw readFailure;
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw damaged(uri, stream.bytesWritten, reason, cause);
  }
  // Bytes behind the last member are ignored by zlib: a damaged member would vanish without a word.
  await fed;
  if (stream.bytesWritten < fileBytes) {
    throw damaged(uri, stream.bytesWritten, "bytes follow that are no gzip member");
  }
}

export const gunzipBlocks: Gunzip = (packed, uri, fileBytes) => {
  const blocks = unpack(packed, uri, fileBytes);
  return {
    next: async () => {
      const { value, done } = await blocks.next();
      return done === true ? undefined : value;
    },
    close: () => {
      packed.close();
      blocks.return(undefined).catch(() => undefined);
    },
  };
};
