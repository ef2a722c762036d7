// Unpacks zstd files of one or more frames. The packed bytes are held, what they hold is not.

import { EngineError } from "../../proto/errors.ts";
import { unzstd } from "../../proto/formats/compression/streams.ts";
import { zstdFileBytesMax } from "../../proto/limits/formats.ts";
import type { ByteBlocks } from "./byte-reader.ts";

async function* unpack(
  packed: ByteBlocks,
  uri: string,
  fileBytes: number,
): AsyncGenerator<Uint8Array> {
  if (fileBytes > zstdFileBytesMax) {
    const message = `${uri} has ${fileBytes} bytes; zstd files of at most ${zstdFileBytesMax} are read`;
    throw new EngineError("LIMIT_EXCEEDED", message, { file: uri, limitBytes: zstdFileBytesMax });
  }
  const whole = new Uint8Array(fileBytes);
  let filled = 0;
  for (let block = await packed.next(); block !== undefined; block = await packed.next()) {
    whole.set(block, filled);
    filled += block.length;
  }
  for await (const piece of unzstd(whole, uri)) if (piece.length > 0) yield piece;
}

export function unpackZstd(packed: ByteBlocks, uri: string, fileBytes: number): ByteBlocks {
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
}
