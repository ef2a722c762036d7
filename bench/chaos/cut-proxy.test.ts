// What passes while it is open, what does not while it is cut, and that no stream goes on with a hole.

import { createServer, connect as dial } from "node:net";
import { afterAll, expect, test } from "vitest";
import { startCutProxy } from "./cut-proxy.ts";

const closing: (() => unknown)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

async function echo() {
  const seen: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      seen.push(bytes.toString());
      socket.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const port = (server.address() as { port: number }).port;
  const proxy = await startCutProxy(`127.0.0.1:${port}`);
  closing.push(() => proxy.stop());
  return { proxy, seen };
}

function connect(address: string) {
  const socket = dial(Number(address.split(":")[1]), "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  const answer = (): Promise<string> =>
    new Promise((resolve) => socket.once("data", (bytes) => resolve(bytes.toString())));
  return { socket, closed, answer };
}

test("bytes pass, are swallowed while it is cut, and then the connection ends", async () => {
  const { proxy, seen } = await echo();
  const one = connect(proxy.address);
  const first = one.answer();
  one.socket.write("before");
  expect(await first).toBe("before");

  proxy.set({ kind: "cut" });
  const written = new Promise((resolve) => one.socket.write("lost", resolve));
  await written;
  const two = connect(proxy.address);
  two.socket.write("lost, too");
  // Both were swallowed once the proxy has closed both for it.
  const isOver = Promise.all([one.closed, two.closed]);
  const opening = setInterval(() => proxy.set({ kind: "open" }), 50);
  await isOver;
  clearInterval(opening);
  expect(seen).not.toContain("lost");

  proxy.set({ kind: "slow", delayMs: 30 });
  const three = connect(proxy.address);
  const startedMs = performance.now();
  const slow = three.answer();
  three.socket.write("after");
  expect(await slow).toBe("after");
  expect(performance.now() - startedMs).toBeGreaterThan(55);
});

test("what is late is not overtaken once the network is fast again", async () => {
  const { proxy, seen } = await echo();
  const { socket, answer } = connect(proxy.address);
  const first = answer();
  socket.write("0");
  await first;
  proxy.set({ kind: "slow", delayMs: 50 });
  for (let turn = 1; turn < 10; turn++) {
    const isTaken = new Promise((resolve) => socket.write(`${turn}`, resolve));
    await isTaken;
    if (turn === 5) proxy.set({ kind: "open" });
  }
  while (seen.join("").length < 10) await answer();
  expect(seen.join("")).toBe("0123456789");
});
