// Requests within one process behave as on the wire: roles, errors, deadlines, vanished peers.

import { describe, expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { bind } from "../ports/rpc.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { createLocalRpc } from "./local-rpc.ts";

interface List {
  readonly items: string[];
}

const codec = {
  encode: (list: List) => ({ finish: () => new TextEncoder().encode(list.items.join(",")) }),
  decode: (bytes: Uint8Array): List => ({ items: new TextDecoder().decode(bytes).split(",") }),
};
const method = (name: string) => ({ path: `/test.Lists/${name}`, request: codec, response: codec });
const [echo, fail, hang] = [method("Echo"), method("Fail"), method("Hang")];
const soon = { timeoutMs: 100 };

function start() {
  const clock = fakeClock();
  const rpc = createLocalRpc(clock);
  const error = new EngineError("NOT_LEADER", "ask b", { leader: "b" });
  const seen: List[] = [];
  const server = rpc.serve("a", [
    bind(echo, ["client"], async (list, caller) => {
      seen.push(list);
      return { items: [caller.role, ...list.items] };
    }),
    bind(fail, ["client"], () => Promise.reject(error)),
    bind(hang, ["client"], () => new Promise<List>(() => {})),
  ]);
  return { clock, rpc, server, seen, error, client: rpc.client({ role: "client" }) };
}

describe("local rpc", () => {
  test("messages cross as copies", async () => {
    const { client, seen } = start();
    const sent = { items: ["x"] };
    expect(await client.call("a", echo, sent, soon)).toEqual({ items: ["client", "x"] });
    expect(seen).toEqual([sent]);
    expect(seen[0]).not.toBe(sent);
  });

  test("errors cross as records with their details", async () => {
    const { client, error } = start();
    const failing = client.call("a", fail, { items: [] }, soon);
    await expect(failing).rejects.toMatchObject({ code: "NOT_LEADER", details: { leader: "b" } });
    await expect(failing).rejects.not.toBe(error);
  });

  test("roles, unknown methods and unknown addresses are refused", async () => {
    const { client, rpc } = start();
    const node = rpc.client({ role: "node" });
    const call = (code: string) => ({ code });
    await expect(node.call("a", echo, { items: [] }, soon)).rejects.toMatchObject(
      call("FORBIDDEN"),
    );
    await expect(client.call("a", method("Nope"), { items: [] }, soon)).rejects.toMatchObject(
      call("MESSAGE_INVALID"),
    );
    await expect(client.call("b", echo, { items: [] }, soon)).rejects.toMatchObject(
      call("UNAVAILABLE"),
    );
  });

  test("a late answer is DEADLINE at its time, and an answered call leaves no timer", async () => {
    const { client, clock } = start();
    await client.call("a", echo, { items: [] }, soon);
    expect(clock.pending()).toBe(0);
    const late = client.call("a", hang, { items: [] }, soon);
    const outcome = expect(late).rejects.toMatchObject({ code: "DEADLINE" });
    await clock.advanceAsync(99);
    expect(clock.pending()).toBe(1);
    await clock.advanceAsync(1);
    await outcome;
  });

  test("a server or client that closes ends calls under way as UNAVAILABLE", async () => {
    for (const which of ["server", "client"] as const) {
      const all = start();
      const call = all.client.call("a", hang, { items: [] }, soon);
      const outcome = expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await all.clock.advanceAsync(1);
      await all[which].close();
      await outcome;
      expect(all.clock.pending()).toBe(0);
      const after = all.client.call("a", echo, { items: [] }, soon);
      await expect(after).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  test("an address can be served again after its server closed, even twice", async () => {
    const { rpc, server, client } = start();
    await server.close();
    rpc.serve("a", [bind(echo, ["client"], async () => ({ items: ["second"] }))]);
    await server.close();
    expect(await client.call("a", echo, { items: [] }, soon)).toEqual({ items: ["second"] });
  });
});
