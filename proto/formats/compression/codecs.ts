// Packs and unpacks blocks of bytes whole, by the name of their codec.

// Pure functions of their arguments: nothing of the machine is reached.
import zlib, { brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { ZSTDDecoder } from "zstddec/stream";
import { EngineError } from "../../errors.ts";
import {
  lendUnpackedSnappy,
  packSnappy,
  unpackLz4,
  unpackSnappy,
} from "../../kernels/block-codecs.ts";
import type { CodesMemory } from "../../kernels/codes-memory.ts";

export type Codec = "none" | "snappy" | "gzip" | "brotli" | "lz4_raw" | "zstd";

interface ZstdEncoder {
  compress(bytes: Uint8Array, level: number): Uint8Array;
}

/** Fast, and within some percent of what higher levels reach on columns. */
const zstdLevel = 1;

let zstdDecoder: Promise<ZSTDDecoder> | undefined;
let zstdEncoder: Promise<ZstdEncoder> | undefined;

/** Compiles the decoder once per thread. */
export function loadZstdDecoder(): Promise<ZSTDDecoder> {
  zstdDecoder ??= (async () => {
    const decoder = new ZSTDDecoder();
    await decoder.init();
    return decoder;
  })();
  return zstdDecoder;
}

function loadZstdEncoder(): Promise<ZstdEncoder> {
  zstdEncoder ??= (async () => {
    const encoder = await import("@bokuweb/zstd-wasm");
    await encoder.init();
    return encoder;
  })();
  return zstdEncoder;
}

export type Unpack = (packed: Uint8Array, size: number) => Uint8Array;
/** Packs parts end to end, as one block. */
export type Pack = (...parts: readonly Uint8Array[]) => Uint8Array;

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1) return only!;
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function checked(codec: Codec, size: number, unpack: () => Uint8Array | undefined): Uint8Array {
  let out: Uint8Array | undefined;
  try {
    out = unpack();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown";
    throw new EngineError("INPUT_MALFORMED", `a ${codec} block is damaged: ${reason}`, {}, cause);
  }
  if (out?.length === size) return out;
  const got = out === undefined ? "is damaged" : `unpacks to ${out.length} bytes`;
  throw new EngineError("INPUT_MALFORMED", `a ${codec} block of ${size} bytes ${got}`);
}

type NativeUnzstd = (
  packed: Uint8Array,
  options: { readonly maxOutputLength: number; readonly chunkSize: number },
) => Uint8Array;

/** Node's own, which takes about half the time; Node 20 has none. */
const nativeUnzstd = (zlib as { readonly zstdDecompressSync?: NativeUnzstd }).zstdDecompressSync;
/** The least that zlib takes. */
const zlibChunkMin = 64;

async function zstdUnpacker(): Promise<Unpack> {
  if (nativeUnzstd === undefined) {
    const decoder = await loadZstdDecoder();
    return (packed, size) => decoder.decode(packed, size);
  }
  return (packed, size) =>
    nativeUnzstd(packed, {
      maxOutputLength: Math.max(size, 1),
      // One piece, which is then not put end to end with others.
      chunkSize: Math.max(size, zlibChunkMin),
    });
}

/** A function that throws INPUT_MALFORMED for blocks that are damaged or of another size. */
export async function unpackerOf(codec: Codec): Promise<Unpack> {
  switch (codec) {
    case "none":
      return (packed, size) => checked(codec, size, () => packed);
    case "snappy":
      return (packed, size) => checked(codec, size, () => unpackSnappy(packed, size));
    case "lz4_raw":
      return (packed, size) => checked(codec, size, () => unpackLz4(packed, size));
    case "gzip":
      return (packed, size) => {
        const maxOutputLength = Math.max(size, 1);
        return checked(codec, size, () => gunzipSync(packed, { maxOutputLength }));
      };
    case "brotli":
      return (packed, size) => {
        const maxOutputLength = Math.max(size, 1);
        return checked(codec, size, () => brotliDecompressSync(packed, { maxOutputLength }));
      };
    case "zstd": {
      const unpack = await zstdUnpacker();
      return (packed, size) => checked(codec, size, () => unpack(packed, size));
    }
  }
}

/** Unpacks blocks that are decoded at once. `lends`: what it answers is valid until it is called again. */
export interface LendingUnpacker {
  readonly lends: boolean;
  readonly unpack: Unpack;
  /** Unpacks to an address of the memory, which has room, where the codec can; answers a view of it. */
  readonly unpackTo: UnpackTo | undefined;
}

type UnpackTo = (memory: CodesMemory, at: number, packed: Uint8Array, size: number) => Uint8Array;

/** As `unpackerOf`, without a copy where the codec can do without. */
export async function lendingUnpackerOf(codec: Codec): Promise<LendingUnpacker> {
  // What was not packed is where it was read.
  if (codec !== "snappy") {
    return { lends: codec === "none", unpack: await unpackerOf(codec), unpackTo: undefined };
  }
  const unpack: Unpack = (packed, size) =>
    checked(codec, size, () => lendUnpackedSnappy(packed, size));
  const unpackTo: UnpackTo = (memory, at, packed, size) =>
    checked(codec, size, () => memory.unpackSnappy(packed, size, at));
  return { lends: true, unpack, unpackTo };
}

export type PackingCodec = "none" | "snappy" | "gzip" | "zstd";

export async function packerOf(codec: PackingCodec): Promise<Pack> {
  switch (codec) {
    case "none":
      return (...parts) => joined(parts);
    case "snappy":
      return packSnappy;
    case "gzip":
      return (...parts) => gzipSync(joined(parts), { level: constants.Z_BEST_SPEED });
    case "zstd": {
      const encoder = await loadZstdEncoder();
      return (...parts) => encoder.compress(joined(parts), zstdLevel);
    }
  }
}
