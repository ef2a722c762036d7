// The lock command, against a cluster that answers as it is told.

import { describe, expect, test } from "vitest";
import type { ClusterLock } from "../../client/held-lock.ts";
import type { ClusterClient, LockCalls, World } from "../ports.ts";
import { runCli } from "../run-cli.ts";

interface Seen {
  out: string;
  notes: string;
  closed: number;
  readonly calls: string[];
}

function fakeLock(seen: Seen, name: string): ClusterLock {
  const { signal } = new AbortController();
  const release = async (): Promise<void> => void seen.calls.push("released");
  return { name, token: 12n, signal, check: () => {}, release, [Symbol.asyncDispose]: release };
}

function fakeLocks(seen: Seen): LockCalls {
  return {
    claim: async (name, { ttlMs, waitMs }) => {
      seen.calls.push(`claim ${name} ttl ${ttlMs} wait ${waitMs}`);
      return { token: 12 };
    },
    hold: async (name, { ttlMs, waitMs }) => {
      seen.calls.push(`hold ${name} ttl ${ttlMs} wait ${waitMs}`);
      return fakeLock(seen, name);
    },
    release: async (name, token) => {
      seen.calls.push(`release ${name} ${token}`);
      return token === 12;
    },
    list: async () => [
      { name: "costs", holder: "host:1", token: 12, remainingMs: 12_500, waiting: 2 },
      { name: "output:file:///out/", holder: "job j/a0", token: 9, waiting: 0 },
    ],
  };
}

/** No more of a world than this command needs. */
function fakeWorld(change: Partial<World> = {}) {
  const seen: Seen = { out: "", notes: "", closed: 0, calls: [] };
  const client: Partial<ClusterClient> = {
    locks: fakeLocks(seen),
    close: () => {
      seen.closed++;
    },
  };
  const world: Partial<World> = {
    environment: { MILLRACE_MASTERS: "a:1", MILLRACE_TOKEN: "t" },
    print: async (data) => {
      seen.out += String(data);
    },
    note: (text) => {
      seen.notes += text;
    },
    interrupted: () => new Promise(() => {}),
    readToken: async () => "t",
    connect: async () => client as ClusterClient,
    runProgram: async (command, { environment }) => {
      seen.calls.push(`${command.join(" ")} with token ${environment.MILLRACE_LOCK_TOKEN}`);
      return 3;
    },
    ...change,
  };
  return { seen, run: (...args: string[]) => runCli(args, world as World) };
}

describe("lock", () => {
  test("holds a lock while a command runs, and ends with its exit code", async () => {
    const { seen, run } = fakeWorld();
    expect(
      await run("lock", "acquire", "prices", "--wait", "60", "--", "make", "-j", "--json"),
    ).toBe(3);
    expect(seen.calls).toEqual([
      "hold prices ttl undefined wait 60000",
      "make -j --json with token 12",
      "released",
    ]);
    expect([seen.out, seen.notes, seen.closed]).toEqual(["", "", 1]);
  });

  test("without a command prints the token of a lock that is held for its lease", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("lock", "acquire", "prices")).toBe(0);
    expect(await run("lock", "acquire", "prices", "--ttl", "5", "--json")).toBe(0);
    expect(seen.calls).toEqual(["claim prices ttl 60000 wait 0", "claim prices ttl 5000 wait 0"]);
    expect(seen.out).toBe('12\n{"name":"prices","token":12}\n');
  });

  test("gives one back by its token", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("lock", "release", "prices", "--fencing-token", "12")).toBe(0);
    expect(await run("lock", "release", "prices", "--fencing-token", "11")).toBe(7);
    expect(await run("lock", "release", "prices")).toBe(2);
    expect(seen.out).toBe("lock prices: released\n");
    expect(seen.notes).toContain("LOCK_LOST: lock prices is not held with token 11");
    expect(seen.notes).toContain("needs --fencing-token N");
  });

  test("lists who holds what", async () => {
    const { seen, run } = fakeWorld();
    expect(await run("lock", "list")).toBe(0);
    expect(seen.out).toBe(
      "costs                token 12  host:1    13 s left       2 waiting\n" +
        "output:file:///out/  token 9   job j/a0  until released\n",
    );
    expect(await run("lock", "list", "--json")).toBe(0);
    expect(seen.out).toContain('{"locks":[{"name":"costs",');
  });

  test("an interrupt ends the command, gives the lock back, and tells of itself", async () => {
    const { seen, run } = fakeWorld({
      interrupted: async () => 130,
      runProgram: (_, { signal }) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve(143);
          else signal.addEventListener("abort", () => resolve(143));
        }),
    });
    expect(await run("lock", "acquire", "prices", "--", "sleep", "99")).toBe(130);
    expect(seen.calls.at(-1)).toBe("released");
  });

  test.each([
    [["lock"], "one of acquire, release, list"],
    [["lock", "take", "x"], "one of acquire, release, list"],
    [["lock", "acquire"], "needs NAME"],
    [["lock", "acquire", "x", "--ttl", "0"], "--ttl must be a whole number from 1"],
    [["lock", "acquire", "x", "--wait", "1.5"], "--wait must be a whole number"],
    [["lock", "list", "a", "b"], "too many arguments"],
  ])("%j is refused", async (args, message) => {
    const { seen, run } = fakeWorld();
    expect(await run(...args)).toBe(2);
    expect(seen.notes).toContain(message);
  });
});
