// Blocks over real sockets: answers, tokens, corruption, deaths, back-pressure, speed.

import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { crc32c } from "../checksum/crc32c.ts";
import { EngineError, type ErrorCode } from "../errors.ts";
import { blockReadsInflightMax } from "../limits/blocks.ts";
import type { BlockAnswer, BlockClient, BlockId, BlockProvider } from "../ports/blocks.ts";
import { type BlockClientOptions, createBlockClient } from "./block-client.ts";
import { encodeFrame, encodeHeader, frameHeaderBytes, frameKind } from "./block-frames.ts";
import { type BlockServerOptions, serveBlocks } from "./block-server.ts";
import { generateToken } from "./tokens.ts";

const token = generateToken();
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

function block(partition: number): BlockId {
  return {
    jobId: "job-1",
    actionIndex: 0,
    stageId: 1,
    taskIndex: 2,
    token: 33,
    partition,
    partitions: 1,
    fromByte: 0,
    bytesMax: 2 ** 32,
  };
}

function randomBytesOf(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, size >>> 2);
  let state = seed | 1;
  for (let i = 0; i < words.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223;
    words[i] = state;
  }
  return bytes;
}

async function serve(provider: BlockProvider, options: Partial<BlockServerOptions> = {}) {
  const server = await serveBlocks({ port: 0, token, provider, ...options });
  opened.push(server);
  return server;
}

function client(options: Partial<BlockClientOptions> = {}): BlockClient {
  const made = createBlockClient({ token, ...options });
  opened.push(made);
  return made;
}

const sized: BlockProvider = async ({ partition }) => ({
  kind: "bytes",
  bytes: randomBytesOf(partition, partition),
});
const codeOf = (code: ErrorCode, part = "") => ({ code, message: expect.stringContaining(part) });

interface Proxy {
  readonly address: string;
  /** Connections ever made through it, and those still open. */
  made: number;
  open: number;
  /** While true, nothing more is taken from the server. */
  hold(isHeld: boolean): void;
}

/** Sits between client and server and may change, hold or cut what the server sends. */
async function meddle(
  target: string,
  change: (bytes: Buffer, near: Socket) => Buffer = (bytes) => bytes,
): Promise<Proxy> {
  const sockets: Socket[] = [];
  const farSockets: Socket[] = [];
  const server: Server = createServer((near) => {
    const far = connect(Number(target.split(":")[1]), "127.0.0.1");
    proxy.made += 1;
    proxy.open += 1;
    sockets.push(near, far);
    farSockets.push(far);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far);
    far.on("data", (bytes: Buffer) => {
      if (!near.destroyed) near.write(change(bytes, near));
    });
    far.on("close", () => near.destroy());
    near.on("close", () => {
      proxy.open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const proxy: Proxy = {
    address: addressOf(server),
    made: 0,
    open: 0,
    hold: (isHeld) => {
      for (const far of farSockets) {
        if (isHeld) far.pause();
        else far.resume();
      }
    },
  };
  return proxy;
}

function addressOf(server: Server): string {
  const bound = server.address();
  return `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
}

/** After so many bytes from the server: the handshake and the head of the first answer are over. */
const handshakeBytes = 3 * frameHeaderBytes + 38 + 34 + 8;

describe("answers", () => {
  test("bytes of any size, missing, released and empty are told apart", async () => {
    const { address } = await serve(async (wanted) => {
      if (wanted.partition === 7) return { kind: "missing" };
      if (wanted.partition === 8) return { kind: "released" };
      return sized(wanted);
    });
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    const blocks = client();
    expect(await blocks.fetch(address, block(7))).toEqual({ kind: "missing" });
    expect(await blocks.fetch(address, block(8))).toEqual({ kind: "released" });
    for (const size of [0, 1, 9, 262_143, 262_144, 262_145, 3_000_000]) {
      const answer = await blocks.fetch(address, block(size));
      const bytes = answer.kind === "bytes" ? answer.bytes : new Uint8Array(1);
      expect([bytes.length, bytes.buffer.byteLength]).toEqual([size, size]);
      expect(Buffer.compare(bytes, randomBytesOf(size, size))).toBe(0);
    }
  });

  test("the provider gets the block that was asked for", async () => {
    const seen: BlockId[] = [];
    const { address } = await serve(async (wanted) => {
      seen.push(wanted);
      return { kind: "missing" };
    });
    const named = { ...block(3), jobId: 'ü"\\/../x', token: Number.MAX_SAFE_INTEGER };
    const wanted = { ...named, fromByte: 2 ** 40, bytesMax: 17 };
    await client().fetch(address, wanted);
    expect(seen).toEqual([wanted]);
  });

  test("a failing provider fails its request only", async () => {
    const { address } = await serve(async ({ partition }) => {
      if (partition === 1) throw new EngineError("DISK_FAILED", "bad sector", { token: 9 });
      if (partition === 2) throw new TypeError("boom");
      return { kind: "released" };
    });
    const blocks = client();
    const settled = await Promise.allSettled(
      [0, 1, 2, 3].map((n) => blocks.fetch(address, block(n))),
    );
    expect(settled.map((each) => each.status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(settled[1]).toMatchObject({ reason: { code: "DISK_FAILED", details: { token: 9 } } });
    expect(settled[2]).toMatchObject({ reason: { code: "INTERNAL", details: {} } });
  });

  test("many requests share one connection, a bounded number under way and in memory", async () => {
    let reading = 0;
    let readingMax = 0;
    const { address } = await serve(async (wanted) => {
      reading += 1;
      readingMax = Math.max(readingMax, reading);
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
      return sized(wanted);
    });
    const proxy = await meddle(address);
    const blocks = client();
    const sizes = Array.from({ length: 300 }, (_unused, index) => index * 100);
    const answers = await Promise.all(
      sizes.map((size) => blocks.fetch(proxy.address, block(size))),
    );
    const lengths = answers.map((each) => (each.kind === "bytes" ? each.bytes.length : -1));
    expect(lengths).toEqual(sizes);
    expect(readingMax).toBeGreaterThan(1);
    expect(readingMax).toBeLessThanOrEqual(blockReadsInflightMax);
    expect(proxy.made).toBe(1);
  });

  test("a peer that takes nothing makes the server hold a bounded number of blocks", async () => {
    let asked = 0;
    const bytes = randomBytesOf(40_000_000, 3);
    // Whole blocks may take a busy machine longer than either side waits for a byte.
    const patient = { stallMs: 120_000 };
    const { address } = await serve(async () => {
      asked += 1;
      return { kind: "bytes", bytes };
    }, patient);
    const proxy = await meddle(address);
    const blocks = client(patient);
    await blocks.fetch(proxy.address, block(0));
    proxy.hold(true);
    asked = 0;
    const answers = Array.from({ length: blockReadsInflightMax + 2 }, (_unused, index) =>
      blocks.fetch(proxy.address, block(index)),
    );
    await expect.poll(() => asked).toBe(blockReadsInflightMax);
    // Whole blocks for another peer show that the server had time to read more for this one.
    for (let round = 0; round < 2; round++) await blocks.fetch(address, block(0));
    expect(asked).toBe(blockReadsInflightMax + 2);
    proxy.hold(false);
    expect(await Promise.all(answers)).toHaveLength(blockReadsInflightMax + 2);
  });

  test("blocks in shared memory are served as they are", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(600_000));
    shared.set(randomBytesOf(600_000, 5));
    const { address } = await serve(async () => ({ kind: "bytes", bytes: shared.subarray(8) }));
    const answer = await client().fetch(address, block(1));
    const bytes = answer.kind === "bytes" ? answer.bytes : new Uint8Array();
    expect(Buffer.compare(bytes, Buffer.from(shared.slice(8)))).toBe(0);
  });
});

describe("tokens", () => {
  test("a wrong token is UNAUTHENTICATED and reaches no block", async () => {
    let asked = 0;
    const { address } = await serve(async () => {
      asked += 1;
      return { kind: "missing" };
    });
    const stranger = client({ token: generateToken() });
    await expect(stranger.fetch(address, block(1))).rejects.toMatchObject(
      codeOf("UNAUTHENTICATED", "token"),
    );
    expect(asked).toBe(0);
  });

  test("the token itself never crosses the wire, and a replayed hello is refused", async () => {
    const { address } = await serve(sized);
    const sent: Buffer[] = [];
    const { address: proxied } = await meddle(address, (bytes) => {
      sent.push(Buffer.from(bytes));
      return bytes;
    });
    await client().fetch(proxied, block(1));
    expect(Buffer.concat(sent).includes(token)).toBe(false);
    // A server that only repeats what a real one said does not know the token.
    const parrot = createServer((socket) => socket.write(Buffer.concat(sent)));
    await new Promise<void>((resolve) => parrot.listen(0, "127.0.0.1", resolve));
    opened.push({ close: () => parrot.close() });
    const at = addressOf(parrot);
    await expect(client().fetch(at, block(1))).rejects.toMatchObject(
      codeOf("UNAUTHENTICATED", "does not know the node token"),
    );
  });

  test.each<[string, Buffer]>([
    ["a request before the handshake", encodeFrame(frameKind.request, 1, Buffer.from("[]"))],
    ["an oversized frame", encodeHeader(frameKind.clientHello, 0, 2 ** 31)],
    ["data frames", encodeFrame(frameKind.data, 0, Buffer.alloc(10))],
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["silence", Buffer.alloc(0)],
  ])("the server hangs up on %s", async (_name, bytes) => {
    const { address } = await serve(sized, { handshakeMs: 50 });
    const socket = connect(Number(address.split(":")[1]), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  });
});

describe("failures", () => {
  test("a refused connection and a silent peer are UNAVAILABLE", async () => {
    const server = await serve(sized);
    await server.close();
    await expect(client().fetch(server.address, block(1))).rejects.toMatchObject(
      codeOf("UNAVAILABLE", server.address),
    );
    await expect(client().fetch("nonsense", block(1))).rejects.toMatchObject(codeOf("UNAVAILABLE"));
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    opened.push({ close: () => silent.close() });
    const at = addressOf(silent);
    await expect(client({ handshakeMs: 50 }).fetch(at, block(1))).rejects.toMatchObject(
      codeOf("UNAVAILABLE", "no greeting within 50 ms"),
    );
  });

  test("a flipped bit in a block is BLOCK_CORRUPT, and the connection goes on", async () => {
    const { address } = await serve(sized);
    let seenBytes = 0;
    let isFlipped = false;
    const { address: proxied } = await meddle(address, (bytes) => {
      const place = handshakeBytes + 5000 - seenBytes;
      seenBytes += bytes.length;
      if (isFlipped || place >= bytes.length) return bytes;
      isFlipped = true;
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 4;
      return changed;
    });
    const blocks = client();
    await expect(blocks.fetch(proxied, block(100_000))).rejects.toMatchObject(
      codeOf("BLOCK_CORRUPT", "job-1/a0/s1/t2#33 partition 100000"),
    );
    expect(isFlipped).toBe(true);
    expect(await blocks.fetch(proxied, block(1000))).toMatchObject({ kind: "bytes" });
  });

  test("a broken frame is BLOCK_CORRUPT for all under way, the next fetch reconnects", async () => {
    const { address } = await serve(sized);
    let isBroken = false;
    let seenBytes = 0;
    const { address: proxied } = await meddle(address, (bytes) => {
      seenBytes += bytes.length;
      if (isBroken || seenBytes < handshakeBytes) return bytes;
      isBroken = true;
      return Buffer.concat([bytes.subarray(0, 0), Buffer.alloc(100, 0xff)]);
    });
    const blocks = client();
    const settled = await Promise.allSettled(
      [50_000, 60_000].map((size) => blocks.fetch(proxied, block(size))),
    );
    for (const each of settled) {
      expect(each).toMatchObject({ status: "rejected", reason: { code: "BLOCK_CORRUPT" } });
    }
    expect(await blocks.fetch(proxied, block(50_000))).toMatchObject({ kind: "bytes" });
  });

  test.each([
    ["a frame of too many bytes", 5],
    ["a block of too many bytes", -1],
  ])("%s is refused", async (_name, extra) => {
    const hostile: BlockProvider = async () => ({ kind: "bytes", bytes: new Uint8Array(100) });
    const { address } = await serve(hostile);
    const { address: proxied } = await meddle(address, (bytes) => {
      // Changes the announced size of the first block, wherever its frame lies in these bytes.
      const size = Buffer.alloc(8);
      size.writeDoubleLE(100);
      const at = bytes.indexOf(size);
      const changed = Buffer.from(bytes);
      if (at >= 0) changed.writeDoubleLE(extra < 0 ? 1e12 : 100 - extra, at);
      return changed;
    });
    await expect(client().fetch(proxied, block(1))).rejects.toMatchObject(codeOf("BLOCK_CORRUPT"));
  });

  test("a peer that dies in the middle of a block is UNAVAILABLE", async () => {
    const { address } = await serve(sized);
    let seenBytes = 0;
    const { address: proxied } = await meddle(address, (bytes, near) => {
      seenBytes += bytes.length;
      if (seenBytes > 4_000_000) near.resetAndDestroy();
      return bytes;
    });
    await expect(client().fetch(proxied, block(16_000_000))).rejects.toMatchObject(
      codeOf("UNAVAILABLE", proxied),
    );
  });

  test("a peer that stalls in the middle of a block is UNAVAILABLE in time", async () => {
    const { address } = await serve(sized, { stallMs: 100 });
    let seenBytes = 0;
    const { address: proxied } = await meddle(address, (bytes) => {
      seenBytes += bytes.length;
      return seenBytes > 1_000_000 ? Buffer.alloc(0) : bytes;
    });
    const stalled = client({ stallMs: 100 }).fetch(proxied, block(16_000_000));
    await expect(stalled).rejects.toMatchObject(codeOf("UNAVAILABLE", "no byte for 100 ms"));
  });

  test("closing either side ends requests under way, a restarted server is found", async () => {
    let release = () => {};
    let isAsked = false;
    const hanging: BlockProvider = () =>
      new Promise<BlockAnswer>((resolve) => {
        isAsked = true;
        release = () => resolve({ kind: "missing" });
      });
    const server = await serve(hanging);
    const blocks = client();
    const first = blocks.fetch(server.address, block(1));
    const outcome = expect(first).rejects.toMatchObject(codeOf("UNAVAILABLE"));
    await expect.poll(() => isAsked).toBe(true);
    await server.close();
    await outcome;
    release();
    await serve(sized, { port: Number(server.address.split(":")[1]) });
    expect(await blocks.fetch(server.address, block(5))).toMatchObject({ kind: "bytes" });
    const last = blocks.fetch(server.address, block(16_000_000));
    const end = expect(last).rejects.toMatchObject(codeOf("UNAVAILABLE", "this client closed"));
    await new Promise((resolve) => setImmediate(resolve));
    blocks.close();
    await end;
    await expect(blocks.fetch(server.address, block(1))).rejects.toMatchObject(
      codeOf("UNAVAILABLE"),
    );
  });

  test("an idle connection is closed by the client, and the next fetch opens another", async () => {
    const { address } = await serve(sized);
    const proxy = await meddle(address);
    const blocks = client({ idleMs: 30 });
    await blocks.fetch(proxy.address, block(1));
    await expect.poll(() => proxy.open).toBe(0);
    expect(await blocks.fetch(proxy.address, block(2))).toMatchObject({ kind: "bytes" });
    expect(proxy.made).toBe(2);
  });
});

test("throughput of 64 MB blocks", async () => {
  const bytes = randomBytesOf(64 * 1024 * 1024, 1);
  const { address } = await serve(async () => ({ kind: "bytes", bytes }));
  const blocks = client();
  await blocks.fetch(address, block(0));
  const startMs = performance.now();
  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    const answer = await blocks.fetch(address, block(round));
    expect(answer.kind === "bytes" && crc32c(answer.bytes.subarray(0, 4096))).toBe(
      crc32c(bytes.subarray(0, 4096)),
    );
  }
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${Math.round((rounds * 64) / seconds)} MB/s, both ends in one thread`);
});
