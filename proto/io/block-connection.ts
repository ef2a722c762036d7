// The client's side of one connection of the data plane: requests in, whole verified blocks out.

import { connect, type Socket } from "node:net";
import { crc32c } from "../checksum/crc32c.ts";
import { EngineError, type ErrorCode, unreachable } from "../errors.ts";
import {
  blockBytesMax,
  blockFrameBytesMax,
  blockRequestsInflightMax,
  blockRequestsQueuedMax,
} from "../limits.ts";
import type { BlockAnswer, BlockId } from "../ports/blocks.ts";
import { type BlockKey, checkWelcome, clientHelloBody, freshNonce } from "./block-auth.ts";
import {
  createFrameReader,
  encodeBlockId,
  encodeFrame,
  type FrameKind,
  frameKind,
} from "./block-frames.ts";
import { parseErrorRecord } from "./error-record.ts";

export interface BlockConnectionOptions {
  readonly address: string;
  readonly key: BlockKey;
  readonly handshakeMs: number;
  readonly stallMs: number;
  readonly idleMs: number;
  /** Called once, when no more requests can be made on it. */
  readonly onClosed: () => void;
}

export interface BlockConnection {
  fetch(block: BlockId): Promise<BlockAnswer>;
  close(why: string): void;
}

interface Pending {
  readonly block: BlockId;
  readonly resolve: (answer: BlockAnswer) => void;
  readonly reject: (error: EngineError) => void;
  target: Uint8Array | undefined;
  receivedBytes: number;
  checksum: number;
}

type Phase = "connecting" | "greeting" | "ready" | "closed";

function blockName(block: BlockId): string {
  const { jobId, actionIndex, stageId, taskIndex, token, partition } = block;
  return `${jobId}/a${actionIndex}/s${stageId}/t${taskIndex}#${token} partition ${partition}`;
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^\[?([^[\]]+?)\]?:(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new EngineError("UNAVAILABLE", `"${address}" is not the host:port of a block server`);
  }
  return { host: match[1], port };
}

/** Fills blocks from frames; every method throws BLOCK_CORRUPT on frames that do not add up. */
function createAssembler(pending: Map<number, Pending>, address: string) {
  const corrupt = (entry: Pending | undefined, what: string): EngineError => {
    const of = entry === undefined ? "" : ` of ${blockName(entry.block)}`;
    return new EngineError("BLOCK_CORRUPT", `block${of} from ${address}: ${what}; fetch it again`);
  };
  const find = (id: number): Pending => {
    const entry = pending.get(id);
    if (entry === undefined) throw corrupt(undefined, `an answer to unknown request ${id}`);
    return entry;
  };
  return {
    find,
    start: (id: number, body: Buffer): void => {
      const entry = find(id);
      const size = body.length === 8 ? body.readDoubleLE(0) : -1;
      const isSize = Number.isSafeInteger(size) && size >= 0 && size <= blockBytesMax;
      if (!isSize || entry.target !== undefined) throw corrupt(entry, `a size of ${size} bytes`);
      // Memory of its own and not zeroed first: each byte is written exactly once.
      const memory = Buffer.allocUnsafeSlow(size);
      entry.target = new Uint8Array(memory.buffer, memory.byteOffset, size);
    },
    piece: (id: number, piece: Uint8Array): void => {
      const entry = find(id);
      const target = entry.target;
      if (target === undefined) throw corrupt(entry, "bytes before the size");
      if (entry.receivedBytes + piece.length > target.length) {
        throw corrupt(entry, `more than the announced ${target.length} bytes`);
      }
      target.set(piece, entry.receivedBytes);
      entry.receivedBytes += piece.length;
      entry.checksum = crc32c(piece, entry.checksum);
    },
    /** A wrong checksum spoils this block only: the frames around it are sound. */
    end: (id: number, body: Buffer): void => {
      const entry = find(id);
      const target = entry.target;
      if (target === undefined || entry.receivedBytes !== target.length || body.length !== 4) {
        throw corrupt(entry, `${entry.receivedBytes} of ${target?.length ?? 0} bytes`);
      }
      pending.delete(id);
      const expected = body.readUInt32LE(0);
      if (entry.checksum === expected) entry.resolve({ kind: "bytes", bytes: target });
      else {
        const what = `${target.length} bytes with checksum ${entry.checksum}, sent ${expected}`;
        entry.reject(corrupt(entry, what));
      }
    },
  };
}

export function openBlockConnection(options: BlockConnectionOptions): BlockConnection {
  const { address, key } = options;
  const waiting: Pending[] = [];
  const pending = new Map<number, Pending>();
  const assembler = createAssembler(pending, address);
  const clientNonce = freshNonce();
  let phase: Phase = "connecting";
  let serverHello: Buffer | undefined;
  let credit = blockRequestsInflightMax;
  let lastId = 0;

  const finish = (error: EngineError): void => {
    if (phase === "closed") return;
    phase = "closed";
    clearTimeout(handshakeTimer);
    socket.destroy();
    options.onClosed();
    for (const entry of [...pending.values(), ...waiting.splice(0)]) entry.reject(error);
    pending.clear();
  };
  const fail = (code: ErrorCode, what: string, cause?: unknown): void => {
    finish(new EngineError(code, `block server ${address}: ${what}`, {}, cause));
  };

  /** Sends what the credit allows; an idle connection neither holds the process nor lives on. */
  const pump = (): void => {
    if (phase !== "ready") return;
    while (pending.size < credit) {
      const entry = waiting.shift();
      if (entry === undefined) break;
      lastId = (lastId + 1) >>> 0;
      pending.set(lastId, entry);
      socket.write(encodeFrame(frameKind.request, lastId, encodeBlockId(entry.block)));
    }
    const isIdle = pending.size === 0;
    socket.setTimeout(isIdle ? options.idleMs : options.stallMs);
    if (isIdle) socket.unref();
    else socket.ref();
  };

  const settle = (id: number, answer: BlockAnswer): void => {
    assembler.find(id).resolve(answer);
    pending.delete(id);
  };

  const onControl = (kind: FrameKind, id: number, body: Buffer): void => {
    // Frames that came together with the one that ended the connection.
    if (phase === "closed") return;
    switch (kind) {
      case frameKind.serverHello:
        if (serverHello !== undefined) return fail("BLOCK_CORRUPT", "a second greeting");
        serverHello = body;
        phase = "greeting";
        socket.write(
          encodeFrame(frameKind.clientHello, 0, clientHelloBody(key, body, clientNonce)),
        );
        return;
      case frameKind.welcome:
        if (phase !== "greeting" || serverHello === undefined) {
          return fail("BLOCK_CORRUPT", "a welcome out of turn");
        }
        credit = Math.min(credit, checkWelcome(key, serverHello, clientNonce, body));
        phase = "ready";
        clearTimeout(handshakeTimer);
        return;
      case frameKind.refuse: {
        const refusal = parseErrorRecord(body.toString("utf8"));
        return refusal === undefined ? fail("UNAVAILABLE", "refused us") : finish(refusal);
      }
      case frameKind.missing:
        return settle(id, { kind: "missing" });
      case frameKind.released:
        return settle(id, { kind: "released" });
      case frameKind.start:
        return assembler.start(id, body);
      case frameKind.end:
        return assembler.end(id, body);
      case frameKind.error: {
        const entry = assembler.find(id);
        pending.delete(id);
        const what = `block server ${address} sent an unreadable error`;
        const sent = parseErrorRecord(body.toString("utf8"));
        return entry.reject(sent ?? new EngineError("UNAVAILABLE", what));
      }
      case frameKind.clientHello:
      case frameKind.request:
      case frameKind.data:
        return fail("BLOCK_CORRUPT", `a frame of kind ${kind}, which only clients send`);
      default:
        return unreachable(kind);
    }
  };

  const onPiece = (id: number, piece: Uint8Array): void => {
    if (phase !== "closed") assembler.piece(id, piece);
  };
  const reader = createFrameReader({ onFrame: onControl, onPiece });
  const onBytes = (bytes: Uint8Array): void => {
    if (phase === "closed") return;
    try {
      reader.push(bytes);
      pump();
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      finish(thrown);
    }
  };

  // One reused buffer, large enough for a frame: the payload is copied once, to its place.
  const readBuffer = Buffer.allocUnsafeSlow(blockFrameBytesMax);
  const socket: Socket = connect({
    ...splitAddress(address),
    noDelay: true,
    keepAlive: true,
    onread: {
      buffer: readBuffer,
      callback: (sizeBytes) => {
        onBytes(readBuffer.subarray(0, sizeBytes));
        return true;
      },
    },
  });
  const handshakeTimer = setTimeout(() => {
    fail("UNAVAILABLE", `no greeting within ${options.handshakeMs} ms`);
  }, options.handshakeMs);
  socket.on("error", (error) => fail("UNAVAILABLE", error.message, error));
  socket.on("end", () => fail("UNAVAILABLE", "closed the connection"));
  socket.on("close", () => fail("UNAVAILABLE", "closed the connection"));
  socket.on("timeout", () => {
    const what = `no byte for ${options.stallMs} ms with ${pending.size} requests under way`;
    fail("UNAVAILABLE", pending.size > 0 ? what : "idle");
  });

  return {
    fetch: (block) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= blockRequestsQueuedMax) {
          const what = `${waiting.length} requests wait for ${address} already`;
          reject(new EngineError("LIMIT_EXCEEDED", `${what}; fetch fewer blocks at once`));
          return;
        }
        waiting.push({ block, resolve, reject, target: undefined, receivedBytes: 0, checksum: 0 });
        pump();
      }),
    close: (why) => fail("UNAVAILABLE", why),
  };
}
