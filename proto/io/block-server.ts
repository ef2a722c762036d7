// Serves sealed blocks to peers over framed TCP, no faster than they take them.

import { createServer, type Server, type Socket } from "node:net";
import { crc32c } from "../checksum/crc32c.ts";
import { assert, EngineError, unreachable } from "../errors.ts";
import {
  blockBytesMax,
  blockConnectionsMax,
  blockFrameBytesMax,
  blockHandshakeMs,
  blockReadsInflightMax,
  blockRequestsInflightMax,
  blockServerIdleMs,
  blockStallMs,
} from "../limits.ts";
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

/** Writes in order; each write waits until the peer took enough of the ones before. */
function createSender(socket: Socket): (...parts: readonly Uint8Array[]) => Promise<void> {
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
  send: ReturnType<typeof createSender>,
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

/** One peer: greets it, then answers its requests, a few blocks in memory at a time. */
function serveConnection(socket: Socket, key: BlockKey, options: BlockServerOptions): void {
  const send = createSender(socket);
  const nonce = freshNonce();
  const waiting: Request[] = [];
  const stallMs = options.stallMs ?? blockStallMs;
  const idleMs = options.idleMs ?? blockServerIdleMs;
  let isWelcome = false;
  let requests = 0;
  let reading = 0;
  let sending: Promise<void> = Promise.resolve();

  const handshakeTimer = setTimeout(
    () => socket.destroy(),
    options.handshakeMs ?? blockHandshakeMs,
  );
  // The name of whoever it was is of no use here: a peer that goes away asks again.
  socket.on("error", () => {});
  socket.on("close", () => clearTimeout(handshakeTimer));
  // While a block is read nothing need move; an unread answer or an unused connection is given up.
  socket.on("timeout", () => {
    if (requests === 0 || socket.writableNeedDrain) socket.destroy();
  });

  const sendAnswer = async (id: number, answer: BlockAnswer): Promise<void> => {
    switch (answer.kind) {
      case "bytes":
        return sendBlock(send, () => socket.destroyed, id, answer.bytes);
      case "missing":
        return send(encodeFrame(frameKind.missing, id, nothing));
      case "released":
        return send(encodeFrame(frameKind.released, id, nothing));
      default:
        return unreachable(answer);
    }
  };

  const serveRequest = async ({ id, body }: Request): Promise<void> => {
    reading += 1;
    const previous = sending;
    const read = (async () => options.provider(decodeBlockId(body)))();
    // The slot is kept until the answer left, so that blocks cannot pile up behind a slow peer.
    const done = (async () => {
      try {
        const answer = await read;
        await previous;
        await sendAnswer(id, answer);
      } catch (thrown) {
        await previous;
        await send(errorFrame(frameKind.error, id, thrown));
      }
    })();
    sending = done;
    await done;
    reading -= 1;
    requests -= 1;
    if (requests === 0) socket.setTimeout(idleMs);
    const next = waiting.shift();
    if (next !== undefined && !socket.destroyed) void serveRequest(next);
  };

  const greet = (body: Buffer): void => {
    try {
      void send(encodeFrame(frameKind.welcome, 0, welcomeBody(key, nonce, body, creditMax)));
      isWelcome = true;
      clearTimeout(handshakeTimer);
      socket.setTimeout(idleMs);
    } catch (thrown) {
      socket.end(errorFrame(frameKind.refuse, 0, thrown));
    }
  };

  const reader = createFrameReader({
    onPiece: () => socket.destroy(),
    onFrame: (kind, id, body) => {
      // Frames that came together with the one that ended the connection.
      if (socket.destroyed || socket.writableEnded) return;
      if (!isWelcome && kind === frameKind.clientHello) {
        greet(body);
      } else if (isWelcome && kind === frameKind.request && requests < creditMax) {
        requests += 1;
        if (requests === 1) socket.setTimeout(stallMs);
        if (reading < blockReadsInflightMax) void serveRequest({ id, body });
        else waiting.push({ id, body });
      } else {
        socket.destroy();
      }
    },
  });
  socket.on("data", (bytes) => {
    if (socket.destroyed || socket.writableEnded) return;
    try {
      reader.push(bytes);
    } catch {
      socket.destroy();
    }
  });
  void send(encodeFrame(frameKind.serverHello, 0, serverHelloBody(nonce)));
}

/** Requests that a peer may have under way here. */
const creditMax = blockRequestsInflightMax;

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
    serveConnection(socket, key, options);
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
