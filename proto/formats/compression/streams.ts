// Files of text that are packed whole: zstd in pieces, and the beginnings of packed files.

// Pure functions of their arguments: nothing of the machine is reached.
import { constants, gunzipSync } from "node:zlib";
import { EngineError } from "../../errors.ts";
import { loadZstdDecoder } from "./codecs.ts";

/** What the packed bytes hold, in pieces; of several frames one after the other. Throws INPUT_UNREADABLE. */
export async function* unzstd(packed: Uint8Array, uri: string): AsyncGenerator<Uint8Array> {
  const decoder = await loadZstdDecoder();
  try {
    yield* decoder.decodeStreaming([packed]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    const message = `${uri} is a damaged zstd file: ${reason}; replace the file`;
    throw new EngineError("INPUT_UNREADABLE", message, { file: uri }, cause);
  }
}

/** As much as can be unpacked of the first bytes of a file. */
export async function unpackBeginning(
  codec: "none" | "gzip" | "zstd",
  packed: Uint8Array,
  isWhole: boolean,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  switch (codec) {
    case "none":
      return { bytes: packed, isWhole };
    case "gzip":
      return { bytes: gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }), isWhole };
    case "zstd": {
      const pieces: Uint8Array[] = [];
      try {
        for await (const piece of unzstd(packed, "")) pieces.push(Uint8Array.from(piece));
      } catch (thrown) {
        if (isWhole || pieces.length === 0) throw thrown;
      }
      return { bytes: Buffer.concat(pieces), isWhole };
    }
  }
}
