// The client's side of one connection of the data plane: requests in, whole verified blocks out.

import { connect, type Socket } from "node:net";
import { crc32c } from "../checksum/crc32c.ts";
import { EngineError, type ErrorCode, unreachable } from "../errors.ts";
import {
  blockFrameBytesMax,
  blockRequestsInflightMax,
  blockRequestsQueuedMax,
} from "../limits/blocks.ts";
import { blockBytesMax } from "../limits.ts";
import { type BlockAnswer, type BlockId, partitionsText } from "../ports/blocks.ts";
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
  const { jobId, actionIndex, stageId, taskIndex, token } = block;
  return `${jobId}/a${actionIndex}/s${stageId}/t${taskIndex}#${token} ${partitionsText(block)}`;
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

export class BlockConnection {
  readonly #options: BlockConnectionOptions;
  readonly #waiting: Pending[] = [];
  readonly #pending = new Map<number, Pending>();
  readonly #assembler: ReturnType<typeof createAssembler>;
  readonly #clientNonce = freshNonce();
  readonly #handshakeTimer: NodeJS.Timeout;
  readonly #socket: Socket;
  #phase: Phase = "connecting";
  #serverHello: Buffer | undefined;
  #credit = blockRequestsInflightMax;
  #lastId = 0;

  constructor(options: BlockConnectionOptions) {
    this.#options = options;
    this.#assembler = createAssembler(this.#pending, options.address);
    this.#socket = this.#connect();
    this.#handshakeTimer = setTimeout(() => {
      this.#fail("UNAVAILABLE", `no greeting within ${options.handshakeMs} ms`);
    }, options.handshakeMs);
  }

  fetch(block: BlockId): Promise<BlockAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= blockRequestsQueuedMax) {
        const what = `${this.#waiting.length} requests wait for ${this.#options.address} already`;
        reject(new EngineError("LIMIT_EXCEEDED", `${what}; fetch fewer blocks at once`));
        return;
      }
      const empty = { target: undefined, receivedBytes: 0, checksum: 0 };
      this.#waiting.push({ block, resolve, reject, ...empty });
      this.#pump();
    });
  }

  close(why: string): void {
    this.#fail("UNAVAILABLE", why);
  }

  #connect(): Socket {
    const reader = createFrameReader({
      onFrame: (kind, id, body) => this.#onFrame(kind, id, body),
      onPiece: (id, piece) => {
        if (this.#phase !== "closed") this.#assembler.piece(id, piece);
      },
    });
    const onBytes = (bytes: Uint8Array): void => {
      try {
        reader.push(bytes);
        this.#pump();
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        this.#finish(thrown);
      }
    };
    // One reused buffer, large enough for a frame: the payload is copied once, to its place.
    const buffer = Buffer.allocUnsafeSlow(blockFrameBytesMax);
    const callback = (sizeBytes: number): boolean => {
      onBytes(buffer.subarray(0, sizeBytes));
      return true;
    };
    const { stallMs, address } = this.#options;
    const socket = connect({
      ...splitAddress(address),
      noDelay: true,
      keepAlive: true,
      onread: { buffer, callback },
    });
    socket.on("error", (error) => this.#fail("UNAVAILABLE", error.message, error));
    socket.on("end", () => this.#fail("UNAVAILABLE", "closed the connection"));
    socket.on("close", () => this.#fail("UNAVAILABLE", "closed the connection"));
    socket.on("timeout", () => {
      const what = `no byte for ${stallMs} ms with ${this.#pending.size} requests under way`;
      this.#fail("UNAVAILABLE", this.#pending.size > 0 ? what : "idle");
    });
    return socket;
  }

  #finish(error: EngineError): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    clearTimeout(this.#handshakeTimer);
    this.#socket.destroy();
    this.#options.onClosed();
    const unanswered = [...this.#pending.values(), ...this.#waiting.splice(0)];
    this.#pending.clear();
    for (const entry of unanswered) entry.reject(error);
  }

  #fail(code: ErrorCode, what: string, cause?: unknown): void {
    const message = `block server ${this.#options.address}: ${what}`;
    this.#finish(new EngineError(code, message, {}, cause));
  }

  /** Sends what the credit allows; an idle connection neither holds the process nor lives on. */
  #pump(): void {
    if (this.#phase !== "ready") return;
    while (this.#pending.size < this.#credit) {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      this.#lastId = (this.#lastId + 1) >>> 0;
      this.#pending.set(this.#lastId, entry);
      const body = encodeBlockId(entry.block);
      this.#socket.write(encodeFrame(frameKind.request, this.#lastId, body));
    }
    const isIdle = this.#pending.size === 0;
    this.#socket.setTimeout(isIdle ? this.#options.idleMs : this.#options.stallMs);
    if (isIdle) this.#socket.unref();
    else this.#socket.ref();
  }

  #onFrame(kind: FrameKind, id: number, body: Buffer): void {
    // Frames that came together with the one that ended the connection.
    if (this.#phase === "closed") return;
    switch (kind) {
      case frameKind.serverHello:
        return this.#onServerHello(body);
      case frameKind.welcome:
        return this.#onWelcome(body);
      case frameKind.refuse: {
        const refusal = parseErrorRecord(body.toString("utf8"));
        return refusal === undefined
          ? this.#fail("UNAVAILABLE", "refused us")
          : this.#finish(refusal);
      }
      case frameKind.missing:
        return this.#take(id).resolve({ kind: "missing" });
      case frameKind.released:
        return this.#take(id).resolve({ kind: "released" });
      case frameKind.start:
        return this.#assembler.start(id, body);
      case frameKind.end:
        return this.#assembler.end(id, body);
      case frameKind.error: {
        const what = `block server ${this.#options.address} sent an unreadable error`;
        const sent = parseErrorRecord(body.toString("utf8"));
        return this.#take(id).reject(sent ?? new EngineError("UNAVAILABLE", what));
      }
      case frameKind.clientHello:
      case frameKind.request:
      case frameKind.data:
        return this.#fail("BLOCK_CORRUPT", `a frame of kind ${kind}, which no server sends so`);
      default:
        return unreachable(kind);
    }
  }

  #take(id: number): Pending {
    const entry = this.#assembler.find(id);
    this.#pending.delete(id);
    return entry;
  }

  #onServerHello(body: Buffer): void {
    if (this.#phase !== "connecting") return this.#fail("BLOCK_CORRUPT", "a second greeting");
    const answer = clientHelloBody(this.#options.key, body, this.#clientNonce);
    this.#serverHello = body;
    this.#phase = "greeting";
    this.#socket.write(encodeFrame(frameKind.clientHello, 0, answer));
  }

  #onWelcome(body: Buffer): void {
    if (this.#phase !== "greeting" || this.#serverHello === undefined) {
      return this.#fail("BLOCK_CORRUPT", "a welcome out of turn");
    }
    const granted = checkWelcome(this.#options.key, this.#serverHello, this.#clientNonce, body);
    this.#credit = Math.min(this.#credit, granted);
    this.#phase = "ready";
    clearTimeout(this.#handshakeTimer);
  }
}
