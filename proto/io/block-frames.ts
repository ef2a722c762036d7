// Frames of the data plane: a fixed header, then control bytes as a whole or payload as it arrives.

import { EngineError } from "../errors.ts";
import { blockControlBytesMax, blockFrameBytesMax } from "../limits/blocks.ts";
import type { BlockId } from "../ports/blocks.ts";

/** Changes whenever a frame changes; peers of different versions refuse each other by name. */
export const blockProtocolVersion = 3;

export const frameKind = {
  serverHello: 1,
  clientHello: 2,
  welcome: 3,
  refuse: 4,
  request: 5,
  missing: 6,
  released: 7,
  /** Size of the block that follows in data frames. */
  start: 8,
  data: 9,
  /** CRC32C of the whole block. */
  end: 10,
  error: 11,
} as const;

export type FrameKind = (typeof frameKind)[keyof typeof frameKind];

/** u32 body length, u8 kind, u32 request id; little-endian. */
export const frameHeaderBytes = 9;

export function encodeHeader(kind: FrameKind, id: number, bodyBytes: number): Buffer {
  const header = Buffer.allocUnsafe(frameHeaderBytes);
  header.writeUInt32LE(bodyBytes, 0);
  header.writeUInt8(kind, 4);
  header.writeUInt32LE(id, 5);
  return header;
}

export function encodeFrame(kind: FrameKind, id: number, body: Uint8Array): Buffer {
  return Buffer.concat([encodeHeader(kind, id, body.length), body]);
}

export interface FrameSink {
  /** A whole control frame; `body` is the sink's to keep. */
  onFrame(kind: FrameKind, id: number, body: Buffer): void;
  /** The next piece of a data frame's payload; valid only during the call. */
  onPiece(id: number, piece: Uint8Array): void;
}

function malformed(what: string): EngineError {
  return new EngineError("BLOCK_CORRUPT", `the peer sent a malformed frame: ${what}; fetch again`);
}

const kinds: ReadonlySet<number> = new Set(Object.values(frameKind));

/** Takes bytes cut anywhere and gives whole frames; throws BLOCK_CORRUPT on what is none. */
export function createFrameReader(sink: FrameSink): { push(bytes: Uint8Array): void } {
  const header = Buffer.alloc(frameHeaderBytes);
  let headerBytes = 0;
  let kind: FrameKind = frameKind.error;
  let id = 0;
  let bodyLeft = 0;
  let body = Buffer.alloc(0);

  const begin = (): void => {
    const length = header.readUInt32LE(0);
    const rawKind = header.readUInt8(4);
    if (!kinds.has(rawKind)) throw malformed(`kind ${rawKind}`);
    kind = rawKind as FrameKind;
    id = header.readUInt32LE(5);
    const bytesMax = kind === frameKind.data ? blockFrameBytesMax : blockControlBytesMax;
    if (length > bytesMax) throw malformed(`${length} bytes of kind ${kind}, at most ${bytesMax}`);
    bodyLeft = length;
    if (kind !== frameKind.data) body = Buffer.alloc(length);
  };

  const takeBody = (bytes: Uint8Array): void => {
    if (kind === frameKind.data) sink.onPiece(id, bytes);
    else body.set(bytes, body.length - bodyLeft);
    bodyLeft -= bytes.length;
  };

  return {
    push: (bytes) => {
      let at = 0;
      while (at < bytes.length) {
        if (headerBytes < frameHeaderBytes) {
          const taken = Math.min(frameHeaderBytes - headerBytes, bytes.length - at);
          header.set(bytes.subarray(at, at + taken), headerBytes);
          headerBytes += taken;
          at += taken;
          if (headerBytes < frameHeaderBytes) return;
          begin();
        }
        const taken = Math.min(bodyLeft, bytes.length - at);
        if (taken > 0) takeBody(bytes.subarray(at, at + taken));
        at += taken;
        if (bodyLeft > 0) return;
        headerBytes = 0;
        if (kind !== frameKind.data) sink.onFrame(kind, id, body);
      }
    },
  };
}

export function encodeBlockId(block: BlockId): Buffer {
  const { jobId, actionIndex, stageId, taskIndex, token, partition, partitions } = block;
  const place = [actionIndex, stageId, taskIndex, token, partition, partitions];
  const numbers = [...place, block.fromByte, block.bytesMax];
  return Buffer.from(JSON.stringify([jobId, ...numbers]));
}

export function decodeBlockId(bytes: Buffer): BlockId {
  const refuse = () => new EngineError("MESSAGE_INVALID", "the request names no block");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(value) || value.length !== 9) throw refuse();
  const [jobId, ...numbers] = value as unknown[];
  if (typeof jobId !== "string" || jobId.length > 256) throw refuse();
  const whole = numbers.map((number) => {
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) throw refuse();
    return number;
  });
  const [actionIndex = 0, stageId = 0, taskIndex = 0, token = 0, partition = 0] = whole;
  const [partitions = 0, fromByte = 0, bytesMax = 0] = whole.slice(5);
  const piece = { partition, partitions, fromByte, bytesMax };
  return { jobId, actionIndex, stageId, taskIndex, token, ...piece };
}
