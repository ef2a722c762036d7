// Calls over real gRPC on loopback: tokens, roles, errors, limits, deadlines, restarts.

import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { EngineError, type ErrorCode } from "../errors.ts";
import { bind, type MessageCodec, type RpcClient, type RpcServer } from "../ports/rpc.ts";
import { createGrpcClient } from "./grpc-client.ts";
import { type RpcServerOptions, serveRpc } from "./grpc-server.ts";
import { createAuthenticator, generateToken, knownToken } from "./tokens.ts";

interface Note {
  readonly text: string;
}

const noteCodec: MessageCodec<Note> = {
  encode: (note) => ({ finish: () => new TextEncoder().encode(`n${note.text}`) }),
  decode: (bytes) => {
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith("n")) throw new Error(`first byte is ${bytes[0]}`);
    return { text: text.slice(1) };
  },
};
const rawCodec: MessageCodec<Note> = {
  encode: (note) => ({ finish: () => new TextEncoder().encode(note.text) }),
  decode: (bytes) => ({ text: new TextDecoder().decode(bytes) }),
};

const method = (name: string) => ({
  path: `/test.Notes/${name}`,
  request: noteCodec,
  response: noteCodec,
});
const echo = method("Echo");
const fail = method("Fail");
const hang = method("Hang");
const nodesOnly = method("NodesOnly");
const grow = method("Grow");

const clientToken = generateToken();
const nodeToken = generateToken();
const authenticate = createAuthenticator([
  knownToken(clientToken, "client"),
  knownToken(nodeToken, "node"),
]);

let thrown: unknown = new Error("none");
let hanging: (() => void)[] = [];
const internal: string[] = [];
const bindings = [
  bind(echo, ["client", "node"], async (note, caller) => ({ text: `${caller.role}:${note.text}` })),
  bind(fail, ["client"], () => Promise.reject(thrown)),
  bind(hang, ["client"], async () => {
    await new Promise<void>((resolve) => hanging.push(resolve));
    return { text: "late" };
  }),
  bind(nodesOnly, ["node"], async () => ({ text: "secret" })),
  bind(grow, ["client"], async (note) => ({ text: "x".repeat(Number(note.text)) })),
];

const opened: { close(): unknown }[] = [];

async function serve(options: Partial<RpcServerOptions> = {}): Promise<RpcServer> {
  const onInternalError = (error: EngineError, path: string) =>
    void internal.push(`${path} ${error.message}`);
  const server = await serveRpc({ port: 0, bindings, authenticate, onInternalError, ...options });
  opened.push(server);
  return server;
}

function client(token = clientToken, messageBytesMax?: number): RpcClient {
  const made = createGrpcClient({ token, ...(messageBytesMax ? { messageBytesMax } : {}) });
  opened.push(made);
  return made;
}

afterEach(async () => {
  for (const resolve of hanging) resolve();
  hanging = [];
  internal.length = 0;
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

const soon = { timeoutMs: 5000 };
const codeOf = (code: ErrorCode, part = "") => ({ code, message: expect.stringContaining(part) });

describe("tokens and roles", () => {
  test("the handler learns the role of the caller; the server is on loopback", async () => {
    const { address } = await serve();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await client().call(address, echo, { text: "hi" }, soon)).toEqual({ text: "client:hi" });
    const asNode = await client(nodeToken).call(address, echo, { text: "" }, soon);
    expect(asNode).toEqual({ text: "node:" });
  });

  test.each([
    ["a wrong token", generateToken()],
    ["an empty token", ""],
  ])("%s is UNAUTHENTICATED, also for a huge or malformed message", async (_name, token) => {
    const { address } = await serve();
    const stranger = client(token);
    for (const text of ["x", "x".repeat(19 * 1024 * 1024)]) {
      const refused = stranger.call(address, echo, { text }, soon);
      await expect(refused).rejects.toMatchObject(codeOf("UNAUTHENTICATED", "token"));
    }
    const raw = { ...echo, request: rawCodec };
    const refused = stranger.call(address, raw, { text: "bad" }, soon);
    await expect(refused).rejects.toMatchObject(codeOf("UNAUTHENTICATED"));
  });

  test("a role that may not call is FORBIDDEN", async () => {
    const { address } = await serve();
    const refused = client().call(address, nodesOnly, { text: "" }, soon);
    await expect(refused).rejects.toMatchObject(codeOf("FORBIDDEN", "/test.Notes/NodesOnly"));
    const allowed = await client(nodeToken).call(address, nodesOnly, { text: "" }, soon);
    expect(allowed.text).toBe("secret");
  });
});

describe("errors", () => {
  test("code, message and details survive, in any script", async () => {
    const { address } = await serve();
    thrown = new EngineError("OUTPUT_LOCKED", 'путь "б" \u{1f512} \ud800 50%', {
      leader: "b:1",
      row: 17,
      fields: [{ path: "a.b", message: "wrong" }],
    });
    await expect(client().call(address, fail, { text: "" }, soon)).rejects.toMatchObject({
      code: "OUTPUT_LOCKED",
      message: expect.stringContaining('путь "б" \u{1f512}'),
      details: { leader: "b:1", row: 17, fields: [{ path: "a.b", message: "wrong" }] },
    });
  });

  test("an error too large for trailers keeps its code and the start of its message", async () => {
    const { address } = await serve();
    thrown = new EngineError("USER_CODE_FAILED", "m".repeat(100_000), {
      stack: "s".repeat(100_000),
      source: "job.ts:1:2",
    });
    const failing = client().call(address, fail, { text: "" }, soon);
    await expect(failing).rejects.toMatchObject({
      code: "USER_CODE_FAILED",
      message: expect.stringMatching(/^m{500}…$/),
      details: { source: "job.ts:1:2" },
    });
  });

  test("a mistake of ours is INTERNAL without its stack, and the server is told", async () => {
    const { address } = await serve();
    thrown = new TypeError("boom");
    const failing = client().call(address, fail, { text: "" }, soon);
    await expect(failing).rejects.toMatchObject({
      code: "INTERNAL",
      message: "unexpected failure: boom",
      details: {},
    });
    expect(internal).toEqual(["/test.Notes/Fail unexpected failure: boom"]);
  });

  test("malformed requests, answers and unknown methods are MESSAGE_INVALID", async () => {
    const { address } = await serve();
    const badRequest = { ...echo, request: rawCodec };
    await expect(client().call(address, badRequest, { text: "bad" }, soon)).rejects.toMatchObject(
      codeOf("MESSAGE_INVALID", "first byte is 98"),
    );
    const badAnswer = {
      ...echo,
      response: { ...noteCodec, decode: rawFail },
    };
    await expect(client().call(address, badAnswer, { text: "" }, soon)).rejects.toMatchObject(
      codeOf("MESSAGE_INVALID", "answer of"),
    );
    await expect(client().call(address, method("Nope"), { text: "" }, soon)).rejects.toMatchObject(
      codeOf("MESSAGE_INVALID", "does not know"),
    );
  });

  test("oversized messages are LIMIT_EXCEEDED on every side", async () => {
    const { address } = await serve({ messageBytesMax: 1000 });
    const big = { text: "x".repeat(2000) };
    const small = client(clientToken, 1500);
    await expect(small.call(address, echo, big, soon)).rejects.toMatchObject(
      codeOf("LIMIT_EXCEEDED", "2001 bytes"),
    );
    await expect(client().call(address, echo, big, soon)).rejects.toMatchObject(
      codeOf("LIMIT_EXCEEDED"),
    );
    await expect(client().call(address, grow, { text: "2000" }, soon)).rejects.toMatchObject(
      codeOf("LIMIT_EXCEEDED", "the answer of /test.Notes/Grow has 2001 bytes"),
    );
    const { address: generous } = await serve();
    await expect(small.call(generous, grow, { text: "2000" }, soon)).rejects.toMatchObject(
      codeOf("LIMIT_EXCEEDED"),
    );
  });
});

function rawFail(): Note {
  throw new Error("unreadable");
}

/** A wire that can be cut, as by the death of the machine behind it. */
async function breakable(target: string): Promise<{ address: string; break(): void }> {
  const sockets: Socket[] = [];
  const [host, port] = target.split(":");
  const proxy = createServer((near) => {
    const far = connect(Number(port), host);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  opened.push({ close: () => new Promise((resolve) => proxy.close(resolve)) });
  const bound = proxy.address();
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`,
    break: cut,
  };
}

describe("time and failure", () => {
  test("a late answer is DEADLINE", async () => {
    const { address } = await serve();
    const late = client().call(address, hang, { text: "" }, { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ ...codeOf("DEADLINE", "50 ms") });
  });

  test("a refused connection is UNAVAILABLE and says where", async () => {
    const server = await serve();
    await server.close();
    const refused = client().call(server.address, echo, { text: "" }, soon);
    await expect(refused).rejects.toMatchObject(codeOf("UNAVAILABLE", server.address));
  });

  test("a server that closes ends hanging calls as UNAVAILABLE", async () => {
    const server = await serve();
    const call = client().call(server.address, hang, { text: "" }, soon);
    const outcome = expect(call).rejects.toMatchObject(codeOf("UNAVAILABLE"));
    await expect.poll(() => hanging.length).toBe(1);
    await server.close();
    await outcome;
  });

  test("a connection that breaks in the middle of a call is UNAVAILABLE at once", async () => {
    const { address } = await serve();
    const proxy = await breakable(address);
    const call = client().call(proxy.address, hang, { text: "" }, soon);
    const outcome = expect(call).rejects.toMatchObject(codeOf("UNAVAILABLE", proxy.address));
    await expect.poll(() => hanging.length).toBe(1);
    const brokenMs = performance.now();
    proxy.break();
    await outcome;
    expect(performance.now() - brokenMs).toBeLessThan(1000);
  });

  test("closing the client ends its calls as UNAVAILABLE", async () => {
    const { address } = await serve();
    const caller = client();
    const call = caller.call(address, hang, { text: "" }, soon);
    const outcome = expect(call).rejects.toMatchObject(codeOf("UNAVAILABLE"));
    await expect.poll(() => hanging.length).toBe(1);
    caller.close();
    await outcome;
    const after = caller.call(address, echo, { text: "" }, soon);
    await expect(after).rejects.toMatchObject(codeOf("UNAVAILABLE", "closed"));
  });

  test("a port in use is refused by name", async () => {
    const { address } = await serve();
    const port = Number(address.split(":")[1]);
    await expect(serve({ port })).rejects.toMatchObject(codeOf("UNAVAILABLE", address));
  });

  test("a client meets a server again soon after it restarts on its port", async () => {
    const first = await serve();
    const caller = client();
    await caller.call(first.address, echo, { text: "" }, soon);
    await first.close();
    // Fails often enough for the longest wait between connection attempts to be reached.
    const downUntilMs = performance.now() + 1500;
    while (performance.now() < downUntilMs) {
      await expect(caller.call(first.address, echo, { text: "" }, soon)).rejects.toMatchObject(
        codeOf("UNAVAILABLE"),
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await serve({ port: Number(first.address.split(":")[1]) });
    const startMs = performance.now();
    let answer: Note | undefined;
    while (answer === undefined && performance.now() - startMs < 5000) {
      answer = await caller.call(first.address, echo, { text: "x" }, soon).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const recoveredMs = performance.now() - startMs;
    console.log(`recovered ${Math.round(recoveredMs)} ms after the restart`);
    expect(answer).toEqual({ text: "client:x" });
    expect(recoveredMs).toBeLessThan(2000);
  });

  test("many concurrent calls each get their own answer", async () => {
    const { address } = await serve();
    const caller = client();
    const texts = Array.from({ length: 500 }, (_unused, index) => String(index));
    const answers = await Promise.all(
      texts.map((text) => caller.call(address, echo, { text }, soon)),
    );
    expect(answers.map(({ text }) => text)).toEqual(texts.map((text) => `client:${text}`));
  });
});
