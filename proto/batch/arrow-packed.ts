// Arrow record batches whose buffers are packed: the library asks here for what unpacks them.

import { CompressionType, compressionRegistry } from "apache-arrow";
import { EngineError } from "../errors.ts";
import { type Unpack, unpackerOf } from "../formats/compression/codecs.ts";
import { unpackLz4Frame } from "../formats/compression/lz4-frame.ts";
import { pageBytesMax } from "../limits/formats.ts";

const sizeBytes = 8;

/** The size stands in front of what is packed; the library has passed it by, but not told. */
function sized(unpack: Unpack): (packed: Uint8Array) => Uint8Array {
  return (packed) => {
    const view = new DataView(packed.buffer, packed.byteOffset - sizeBytes, sizeBytes);
    const size = view.getBigInt64(0, true);
    if (size >= 0n && size <= BigInt(pageBytesMax)) return unpack(packed, Number(size));
    const message = `a packed buffer says that it has ${size} bytes, and at most ${pageBytesMax} are read`;
    throw new EngineError("INPUT_MALFORMED", message);
  };
}

let loading: Promise<void> | undefined;

/** Once per thread, before a file is opened. */
export function loadBufferCodecs(): Promise<void> {
  loading ??= (async () => {
    compressionRegistry.set(CompressionType.ZSTD, { decode: sized(await unpackerOf("zstd")) });
    compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: sized(unpackLz4Frame) });
  })();
  return loading;
}
