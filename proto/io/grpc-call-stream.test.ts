// Calls that share a stream: their order, their end, and what a stream that makes no sense does.

import { Client, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { rpcStreamedBytesMax } from "../limits/rpc.ts";
import { bind, type MessageCodec, type RpcServer } from "../ports/rpc.ts";
import { callStreamPath } from "./grpc-call-stream.ts";
import { createGrpcClient } from "./grpc-client.ts";
import { serveRpc } from "./grpc-server.ts";
import { createAuthenticator, generateToken, knownToken } from "./tokens.ts";

const text: MessageCodec<string> = {
  encode: (value) => ({ finish: () => new TextEncoder().encode(value) }),
  decode: (bytes) => new TextDecoder().decode(bytes),
};
const method = (name: string) => ({ path: `/test.Texts/${name}`, request: text, response: text });
const echo = method("Echo");
const wait = method("Wait");
const token = generateToken();
const soon = { timeoutMs: 60_000 };
/** A server that waits this long when it closes outlasts its test. */
const longDrainMs = 600_000;

const waiting: ((answer: string) => void)[] = [];
const opened: { close(): unknown }[] = [];

async function serve(drainMs?: number): Promise<RpcServer> {
  const server = await serveRpc({
    port: 0,
    ...(drainMs === undefined ? {} : { drainMs }),
    authenticate: createAuthenticator([knownToken(token, "client")]),
    bindings: [
      bind(echo, ["client"], async (value) => value),
      bind(wait, ["client"], () => new Promise<string>((resolve) => waiting.push(resolve))),
    ],
  });
  opened.push(server);
  return server;
}

function client() {
  const made = createGrpcClient({ token });
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const answer of waiting.splice(0)) answer("");
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

describe("calls over one stream", () => {
  test("are answered in any order, whatever their sizes", async () => {
    const { address } = await serve();
    const caller = client();
    const slow = caller.call(address, wait, "first", soon);
    const sizes = [0, 1, rpcStreamedBytesMax - 1, rpcStreamedBytesMax, rpcStreamedBytesMax + 1];
    for (const size of [...sizes, 10 * 1024 * 1024]) {
      expect((await caller.call(address, echo, "x".repeat(size), soon)).length).toBe(size);
    }
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()?.("last");
    expect(await slow).toBe("last");
  });

  test("one that is late leaves the others alone, and its answer is nobody else's", async () => {
    const { address } = await serve();
    const caller = client();
    // Connected: the late call reaches the server before its time is over.
    await caller.call(address, echo, "", soon);
    const late = caller.call(address, wait, "", { timeoutMs: 20 });
    await expect(late).rejects.toMatchObject({ code: "DEADLINE" });
    const next = caller.call(address, wait, "", soon);
    await expect.poll(() => waiting.length).toBe(2);
    waiting.shift()?.("of the late one");
    waiting.shift()?.("of the next one");
    expect(await next).toBe("of the next one");
  });

  test("a server that closes answers what it can, and takes nothing new", async () => {
    const server = await serve(longDrainMs);
    const caller = client();
    const underWay = caller.call(server.address, wait, "", soon);
    await expect.poll(() => waiting.length).toBe(1);
    const closed = server.close();
    const refused = caller.call(server.address, echo, "", soon);
    await expect(refused).rejects.toMatchObject({ code: "UNAVAILABLE" });
    waiting.shift()?.("still");
    expect(await underWay).toBe("still");
    await closed;
  });

  test("a server that closes does not wait for clients that ask nothing", async () => {
    const server = await serve(longDrainMs);
    await client().call(server.address, echo, "", soon);
    await server.close();
  });

  test.each([
    ["the right token", token, status.INVALID_ARGUMENT, "cannot be decoded"],
    ["a wrong one", generateToken(), status.UNAUTHENTICATED, "token"],
  ])(
    "bytes that are no call, with %s, end their stream only",
    async (_name, bearer, code, part) => {
      const { address } = await serve();
      const raw = new Client(address, credentials.createInsecure());
      const metadata = new Metadata();
      metadata.set("authorization", `Bearer ${bearer}`);
      const same = (bytes: Buffer): Buffer => bytes;
      const stream = raw.makeBidiStreamRequest(callStreamPath, same, same, metadata);
      const ended = new Promise<StatusObject>((resolve) => stream.on("status", resolve));
      stream.on("error", () => {});
      stream.resume();
      stream.write(Buffer.from([0xff, 0xff, 0xff]));
      expect(await ended).toMatchObject({ code, details: expect.stringContaining(part) });
      raw.close();
      expect(await client().call(address, echo, "well", soon)).toBe("well");
    },
  );
});
