// The search for a leader: hints, rotation, pauses, bounds, and what is passed through at once.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError, type ErrorCode } from "../errors.ts";
import { mastersRefreshMs } from "../limits/raft.ts";
import { leaderSearchMsMax, leaderSearchPauseMs } from "../limits/rpc.ts";
import { randomStream } from "../ports/random.ts";
import type { MessageCodec, RpcClient } from "../ports/rpc.ts";
import { type FakeClock, fakeClock } from "../testing/fake-clock.ts";
import { createLeaderClient, type LeaderClientOptions } from "./leader-client.ts";
import { masterApi } from "./methods.ts";

const codec: MessageCodec<string> = {
  encode: () => ({ finish: () => new Uint8Array() }),
  decode: () => "",
};
const method = { path: "/test.Test/Ask", request: codec, response: codec };

/** What a master says: `ok`, an error code, or `NOT_LEADER>address`. */
type Script = (address: string, call: number) => string;

/** `told`: the masters that the leader knows of. */
function fakeRpc(clock: FakeClock, script: Script, told: () => readonly string[]) {
  const asked: string[] = [];
  const refreshes: string[] = [];
  const rpc: RpcClient = {
    call: async (address, called, request, { timeoutMs }) => {
      if (called.path === masterApi.list.path) {
        refreshes.push(address);
        return { mastersJson: "", addresses: told() } as never;
      }
      asked.push(address);
      const say = script(address, asked.length);
      const isChange = called.path === masterApi.add.path;
      if (say === "ok" && isChange) return { mastersJson: "", addresses: told() } as never;
      if (say === "ok") return `${String(request)}@${address}` as never;
      const [code, leader] = say.split(">");
      if (code === "DEADLINE") await new Promise<void>((wake) => clock.after(timeoutMs, wake));
      throw new EngineError(code as ErrorCode, `said by ${address}`, leader ? { leader } : {});
    },
    close: () => {},
  };
  return { rpc, asked, refreshes };
}

function start(
  script: Script,
  options: Partial<LeaderClientOptions> = {},
  told: () => readonly string[] = () => [],
) {
  const clock = fakeClock();
  const { rpc, asked, refreshes } = fakeRpc(clock, script, told);
  const masters = ["a:1", "b:1", "c:1"];
  const client = createLeaderClient({ rpc, clock, masters, ...options });
  return { clock, asked, refreshes, client };
}

describe("leader client", () => {
  test("stays with the master that answered", async () => {
    const { client, asked } = start((address) => (address === "b:1" ? "ok" : "NOT_LEADER>b:1"));
    expect(await client.call(method, "x")).toBe("x@b:1");
    expect(await client.call(method, "y")).toBe("y@b:1");
    expect(asked).toEqual(["a:1", "b:1", "b:1"]);
    expect(client.leader()).toBe("b:1");
  });

  test("follows a hint to a master it was not told of", async () => {
    const { client, asked } = start((address) => (address === "d:9" ? "ok" : "NOT_LEADER>d:9"));
    expect(await client.call(method, "x")).toBe("x@d:9");
    expect(asked).toEqual(["a:1", "d:9"]);
  });

  test("learns of masters it was not given, and goes on when none of those it was given is left", async () => {
    let living = ["a:1", "b:1", "c:1"];
    const { client, asked, clock } = start(
      (address) =>
        address === living[0] ? "ok" : living.includes(address) ? "NOT_LEADER" : "UNAVAILABLE",
      {},
      () => living,
    );
    expect(await client.call(method, "x")).toBe("x@a:1");
    living = ["a:1", "d:1", "e:1", "not an address"];
    await clock.advanceAsync(mastersRefreshMs);
    expect(await client.call(method, "x")).toBe("x@a:1");
    await clock.advanceAsync(0);
    living = ["e:1", "d:1"];
    expect(await client.call(method, "x")).toBe("x@e:1");
    expect(asked).not.toContain("not an address");
  });

  test("asks for the masters once per interval, and at once when another leads", async () => {
    let leader = "a:1";
    const { client, refreshes, clock } = start((address) =>
      address === leader ? "ok" : `NOT_LEADER>${leader}`,
    );
    for (let call = 0; call < 5; call++) await client.call(method, "x");
    expect(refreshes).toEqual(["a:1"]);
    await clock.advanceAsync(mastersRefreshMs);
    await client.call(method, "x");
    leader = "b:1";
    await client.call(method, "x");
    expect(refreshes).toEqual(["a:1", "a:1", "b:1"]);
  });

  test("takes the masters from the answer to a change of them, without asking for them", async () => {
    const leaders = ["a:1"];
    const only = (address: string) => (leaders.includes(address) ? "ok" : "UNAVAILABLE");
    const { client, refreshes } = start(only, {}, () => ["d:1", "e:1"]);
    const change = { masterId: "d", address: "d:1", replaces: "a" };
    await client.call(masterApi.add, change);
    // None of those that it was given is left.
    leaders.splice(0, 1, "e:1");
    await client.call(masterApi.add, change);
    expect(client.leader()).toBe("e:1");
    expect(refreshes).toEqual([]);
  });

  test("goes round past unreachable masters without a pause", async () => {
    const { client, asked, clock } = start((address) => (address === "c:1" ? "ok" : "UNAVAILABLE"));
    expect(await client.call(method, "x")).toBe("x@c:1");
    expect(asked).toEqual(["a:1", "b:1", "c:1"]);
    expect(clock.nowMs()).toBe(0);
  });

  test("pauses between rounds while an election goes on", async () => {
    const { client, asked, clock } = start((address, call) =>
      call > 7 && address === "b:1" ? "ok" : "NOT_LEADER",
    );
    const answer = client.call(method, "x");
    await clock.advanceAsync(leaderSearchPauseMs - 1);
    expect(asked).toHaveLength(3);
    await clock.advanceAsync(1);
    expect(asked).toHaveLength(6);
    await clock.advanceAsync(leaderSearchPauseMs);
    expect(await answer).toBe("x@b:1");
    expect(asked).toHaveLength(8);
  });

  test("a stale hint to a dead leader does not hide the living one", async () => {
    const { client, clock } = start(
      (address) => ({ "a:1": "NOT_LEADER>b:1", "b:1": "UNAVAILABLE" })[address] ?? "ok",
    );
    const answer = client.call(method, "x");
    await clock.advanceAsync(0);
    expect(await answer).toBe("x@c:1");
  });

  test("masters that point at each other are asked once per round", async () => {
    const { client, asked, clock } = start(
      (address) => ({ "a:1": "NOT_LEADER>b:1", "b:1": "NOT_LEADER>a:1" })[address] ?? "UNAVAILABLE",
    );
    const outcome = expect(client.call(method, "x")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await clock.advanceAsync(0);
    expect(asked).toEqual(["a:1", "b:1", "c:1"]);
    client.close();
    await outcome;
  });

  test("an endless chain of hints is bounded per round", async () => {
    const { client, asked, clock } = start((_address, call) => `NOT_LEADER>x:${call}`);
    const outcome = expect(client.call(method, "x")).rejects.toThrow();
    await clock.advanceAsync(0);
    expect(asked.length).toBeLessThanOrEqual(12);
    client.close();
    await outcome;
  });

  test("a late leader costs one timeout, then the next is asked", async () => {
    const { client, asked, clock } = start((address) => (address === "a:1" ? "DEADLINE" : "ok"));
    const answer = client.call(method, "x", { timeoutMs: 700 });
    await clock.advanceAsync(699);
    expect(asked).toEqual(["a:1"]);
    await clock.advanceAsync(1);
    expect(await answer).toBe("x@b:1");
  });

  test.each<[ErrorCode]>([["OUTPUT_LOCKED"], ["JOB_NOT_FOUND"], ["UNAUTHENTICATED"], ["INTERNAL"]])(
    "%s passes through at once",
    async (code) => {
      const { client, asked } = start(() => code);
      await expect(client.call(method, "x")).rejects.toMatchObject({ code });
      expect(asked).toHaveLength(1);
    },
  );

  test("gives up in time and says whom it asked and what they said", async () => {
    const { client, clock } = start((address) =>
      address === "a:1" ? "UNAVAILABLE" : "NOT_LEADER>not an address",
    );
    const failing = client.call(method, "x");
    const outcome = failing.catch((thrown: unknown) => thrown);
    await clock.advanceAsync(leaderSearchMsMax + leaderSearchPauseMs);
    const error = await outcome;
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(String(error)).toMatch(/a:1: UNAVAILABLE \(said by a:1\).*c:1: NOT_LEADER.*check that/);
    expect(clock.pending()).toBe(0);
  });

  test("closing ends a search at once", async () => {
    const { client, clock } = start(() => "NOT_LEADER");
    const outcome = client.call(method, "x").catch((thrown: unknown) => thrown);
    await clock.advanceAsync(10);
    client.close();
    expect(await outcome).toMatchObject({ message: expect.stringContaining("closed") });
    expect(clock.pending()).toBe(0);
  });

  test("the leader is found once it answers, or the search ends in time", async () => {
    const say = fc.constantFrom("UNAVAILABLE", "NOT_LEADER", "DEADLINE", ">a:1", ">b:1", ">c:1");
    const table = fc.record({ "a:1": say, "b:1": say, "c:1": say });
    const chaos = fc.array(table, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chaos, fc.constantFrom("a:1", "b:1", "c:1", "none"), async (tables, who) => {
        const { client, clock } = start(
          (address, call) => {
            const said = tables[Math.floor(call / 3)]?.[address as "a:1"];
            const word = said ?? (address === who ? "ok" : "NOT_LEADER");
            return word.startsWith(">") ? `NOT_LEADER${word}` : word;
          },
          { random: randomStream(tables.length) },
        );
        const outcome = client
          .call(method, "x", { timeoutMs: 500 })
          .catch((error: unknown) => error);
        await clock.advanceAsync(leaderSearchMsMax + 1000);
        const isFound = (await outcome) === `x@${who}`;
        expect(isFound).toBe(who !== "none");
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
