// Serves sealed blocks to peers over framed TCP, no faster than they take them.

import { createServer, type Server, type Socket } from "node:net";
import { crc32c } from "../checksum/crc32c.ts";
import { assert, EngineError, unreachable } from "../errors.ts";
import {
  blockConnectionsMax,
  blockFrameBytesMax,
  blockHandshakeMs,
  blockReadsInflightMax,
  blockRequestsInflightMax,
  blockServerIdleMs,
  blockStallMs,
} from "../limits/blocks.ts";
import { blockBytesMax } from "../limits.ts";
import type { BlockAnswer, BlockProvider, BlockServer } from "../ports/blocks.ts";
import { type BlockKey, blockKey, freshNonce, serverHelloBody, welcomeBody } from "./block-auth.ts";
import {
  createFrameReader,
  decodeBlockId,
  encodeFrame,
  encodeHeader,
  type FrameKind,
  frameKind,
} from "./block-frames.ts";
import { outgoingRecord } from "./error-record.ts";

export interface BlockServerOptions {
  /** Loopback unless said otherwise. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly token: string;
  readonly provider: BlockProvider;
  readonly stallMs?: number;
  readonly idleMs?: number;
  readonly handshakeMs?: number;
}

interface Request {
  readonly id: number;
  readonly body: Buffer;
}

const nothing = Buffer.alloc(0);

type Sender = (...parts: readonly Uint8Array[]) => Promise<void>;

/** Writes in order; each write waits until the peer took enough of the ones before. */
function createSender(socket: Socket): Sender {
  let wake: (() => void) | undefined;
  const resume = (): void => {
    wake?.();
    wake = undefined;
  };
  socket.on("drain", resume);
  socket.on("close", resume);
  return async (...parts) => {
    assert(wake === undefined, "two answers are written to one connection at once");
    if (socket.destroyed) return;
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
    if (!socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  };
}

async function sendBlock(
  send: Sender,
  isGone: () => boolean,
  id: number,
  bytes: Uint8Array,
): Promise<void> {
  if (bytes.length > blockBytesMax) {
    const what = `the block has ${bytes.length} bytes, at most ${blockBytesMax} are sent`;
    throw new EngineError("LIMIT_EXCEEDED", what, { limitBytes: blockBytesMax });
  }
  const size = Buffer.alloc(8);
  size.writeDoubleLE(bytes.length);
  await send(encodeFrame(frameKind.start, id, size));
  let checksum = 0;
  for (let at = 0; at < bytes.length && !isGone(); at += blockFrameBytesMax) {
    const piece = bytes.subarray(at, at + blockFrameBytesMax);
    checksum = crc32c(piece, checksum);
    await send(encodeHeader(frameKind.data, id, piece.length), piece);
  }
  const end = Buffer.alloc(4);
  end.writeUInt32LE(checksum);
  await send(encodeFrame(frameKind.end, id, end));
}

function errorFrame(kind: FrameKind, id: number, thrown: unknown): Buffer {
  return encodeFrame(kind, id, Buffer.from(JSON.stringify(outgoingRecord(thrown))));
}

/** Requests that a peer may have under way here. */
const creditMax = blockRequestsInflightMax;

/** One peer: greets it, then answers its requests in order, a few blocks in memory at a time. */
class PeerConnection {
  readonly #socket: Socket;
  readonly #options: BlockServerOptions;
  readonly #key: BlockKey;
  readonly #nonce = freshNonce();
  readonly #send: Sender;
  readonly #waiting: Request[] = [];
  readonly #handshakeTimer: NodeJS.Timeout;
  #isWelcome = false;
  /** Asked for and not yet answered. */
  #requests = 0;
  /** Of these, read or being read. */
  #reading = 0;
  /** Ends when every earlier answer was sent. */
  #sending: Promise<void> = Promise.resolve();

  constructor(socket: Socket, key: BlockKey, options: BlockServerOptions) {
    this.#socket = socket;
    this.#key = key;
    this.#options = options;
    this.#send = createSender(socket);
    const handshakeMs = options.handshakeMs ?? blockHandshakeMs;
    this.#handshakeTimer = setTimeout(() => socket.destroy(), handshakeMs);
    // Why a peer went away is of no use here: whoever still wants its blocks asks again.
    socket.on("error", () => {});
    socket.on("close", () => clearTimeout(this.#handshakeTimer));
    // While a block is read nothing need move; an untaken answer or an idle connection is given up.
    socket.on("timeout", () => {
      if (this.#requests === 0 || socket.writableNeedDrain) socket.destroy();
    });
    const reader = createFrameReader({
      onPiece: () => socket.destroy(),
      onFrame: (kind, id, body) => this.#onFrame(kind, id, body),
    });
    socket.on("data", (bytes) => {
      try {
        if (this.#isOpen()) reader.push(bytes);
      } catch {
        socket.destroy();
      }
    });
    void this.#send(encodeFrame(frameKind.serverHello, 0, serverHelloBody(this.#nonce)));
  }

  #isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  #onFrame(kind: FrameKind, id: number, body: Buffer): void {
    // Frames that came together with the one that ended the connection.
    if (!this.#isOpen()) return;
    if (!this.#isWelcome && kind === frameKind.clientHello) {
      this.#greet(body);
    } else if (this.#isWelcome && kind === frameKind.request && this.#requests < creditMax) {
      this.#requests += 1;
      if (this.#requests === 1) this.#socket.setTimeout(this.#options.stallMs ?? blockStallMs);
      if (this.#reading < blockReadsInflightMax) void this.#serve({ id, body });
      else this.#waiting.push({ id, body });
    } else {
      this.#socket.destroy();
    }
  }

  #greet(clientHello: Buffer): void {
    let welcome: Buffer;
    try {
      welcome = welcomeBody(this.#key, this.#nonce, clientHello, creditMax);
    } catch (thrown) {
      this.#socket.end(errorFrame(frameKind.refuse, 0, thrown));
      return;
    }
    this.#isWelcome = true;
    clearTimeout(this.#handshakeTimer);
    this.#socket.setTimeout(this.#options.idleMs ?? blockServerIdleMs);
    void this.#send(encodeFrame(frameKind.welcome, 0, welcome));
  }

  async #serve(request: Request): Promise<void> {
    this.#reading += 1;
    const answered = this.#answer(request, this.#sending);
    this.#sending = answered;
    // The slot is kept until the answer left, so that blocks cannot pile up behind a slow peer.
    await answered;
    this.#reading -= 1;
    this.#requests -= 1;
    if (this.#requests === 0) this.#socket.setTimeout(this.#options.idleMs ?? blockServerIdleMs);
    const next = this.#waiting.shift();
    if (next !== undefined && this.#isOpen()) void this.#serve(next);
  }

  async #answer({ id, body }: Request, earlier: Promise<void>): Promise<void> {
    try {
      const answer = await this.#options.provider(decodeBlockId(body));
      await earlier;
      await this.#sendAnswer(id, answer);
    } catch (thrown) {
      await earlier;
      await this.#send(errorFrame(frameKind.error, id, thrown));
    }
  }

  async #sendAnswer(id: number, answer: BlockAnswer): Promise<void> {
    switch (answer.kind) {
      case "bytes":
        return sendBlock(this.#send, () => this.#socket.destroyed, id, answer.bytes);
      case "missing":
        return this.#send(encodeFrame(frameKind.missing, id, nothing));
      case "released":
        return this.#send(encodeFrame(frameKind.released, id, nothing));
      default:
        return unreachable(answer);
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const what =
        `cannot serve blocks on ${host}:${port}: ${error.message}; ` +
        `choose another port or stop the process that holds it`;
      reject(new EngineError("UNAVAILABLE", what, {}, error));
    });
    server.listen(port, host, () => {
      const bound = server.address();
      assert(typeof bound === "object" && bound !== null, "a TCP server has an address");
      resolve(bound.port);
    });
  });
}

export async function serveBlocks(options: BlockServerOptions): Promise<BlockServer> {
  const key = blockKey(options.token);
  const host = options.host ?? "127.0.0.1";
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    new PeerConnection(socket, key, options);
  });
  server.maxConnections = blockConnectionsMax;
  const port = await listen(server, host, options.port);
  return {
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
