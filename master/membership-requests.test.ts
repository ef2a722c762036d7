// Requests for another membership or another leader: each is answered, once, with what came of it.
import { expect, test } from "vitest";
import { EngineError } from "../proto/errors.ts";
import { asMasterId } from "../proto/ids.ts";
import { createMembershipRequests, type MembershipRequests } from "./membership-requests.ts";
import { defaultRaftConfig } from "./raft/config.ts";
import { campaign, step, tick } from "./raft/raft.ts";
import { type Cluster, type Node, newCluster, pump } from "./raft/testing/cluster.ts";

const [n1, n2, n4] = ["n1", "n2", "n4"].map(asMasterId) as [never, never, never];

function deliverAll(cluster: Cluster, away: string[] = []): void {
  for (;;) {
    const message = cluster.network.shift();
    if (message === undefined) return;
    const node = cluster.nodes.get(message.to)!;
    if (away.includes(message.to) || away.includes(message.from)) continue;
    step(node.raft!, message);
    pump(cluster, node);
  }
}

/** Four masters of which three vote; the first leads, and its requests are looked at. */
function open(): { cluster: Cluster; leader: Node; requests: MembershipRequests } {
  let requests: MembershipRequests | undefined;
  const names = ["n1", "n2", "n3", "n4"];
  const watcher = {
    ready: (node: Node, ready: Parameters<MembershipRequests["note"]>[0]) => {
      if (node.id === n1) requests?.note(ready);
    },
  };
  const cluster = newCluster(names, defaultRaftConfig, 1, watcher, 3);
  const leader = cluster.nodes.get(n1)!;
  campaign(leader.raft!);
  pump(cluster, leader);
  deliverAll(cluster);
  requests = createMembershipRequests({
    raft: leader.raft!,
    notLeader: () => new EngineError("NOT_LEADER", "n1 does not lead"),
    inCore: (run) => run(),
    pump: () => pump(cluster, leader),
  });
  return { cluster, leader, requests };
}

test("a change resolves when it is over, a second one meanwhile is refused, a repeated one is done", async () => {
  const { cluster, requests } = open();
  const changed = requests.change({ kind: "addVoter", id: n4 });
  const busy = requests.change({ kind: "remove", id: n2 });
  await expect(busy).rejects.toMatchObject({ code: "UNAVAILABLE" });
  deliverAll(cluster);
  const expected = { voters: ["n1", "n2", "n3", "n4"], votersOutgoing: [], learners: [] };
  expect(await changed).toEqual(expected);
  expect(await requests.change({ kind: "addVoter", id: n4 })).toEqual(expected);
});

test("a leader that removes itself hears that it is done; afterwards it is not the one to ask", async () => {
  const { cluster, requests } = open();
  const removed = requests.change({ kind: "remove", id: n1 });
  deliverAll(cluster);
  expect((await removed).voters).toEqual(["n2", "n3"]);
  const refused = requests.change({ kind: "addVoter", id: n4 });
  await expect(refused).rejects.toMatchObject({ code: "NOT_LEADER" });
  await expect(requests.transfer(n2)).rejects.toMatchObject({ code: "NOT_LEADER" });
});

test("a change is rejected when leadership is lost before its end", async () => {
  const { cluster, leader, requests } = open();
  const change = requests.change({ kind: "addVoter", id: n4 });
  for (let ticks = 0; ticks < 40; ticks++) tick(leader.raft!);
  pump(cluster, leader);
  await expect(change).rejects.toMatchObject({ code: "NOT_LEADER" });
});

test("a transfer resolves when the successor leads, and rejects when it does not in time", async () => {
  const { cluster, leader, requests } = open();
  await requests.transfer(n1);
  await expect(requests.transfer(n4)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const late = requests.transfer(n2);
  deliverAll(cluster, ["n2"]);
  for (let ticks = 0; ticks < defaultRaftConfig.electionTicksMin; ticks++) {
    tick(leader.raft!);
    pump(cluster, leader);
    requests.noteTick();
    deliverAll(cluster, ["n2"]);
  }
  await expect(late).rejects.toMatchObject({ code: "TRANSFER_FAILED" });
  const transferred = requests.transfer(n2);
  deliverAll(cluster);
  await transferred;
  expect(cluster.nodes.get(n2)?.raft?.role.kind).toBe("leader");
});

test("who waits when this master stops is told", async () => {
  const { requests } = open();
  const change = requests.change({ kind: "addVoter", id: n4 });
  requests.close(new EngineError("UNAVAILABLE", "n1 is stopping"));
  await expect(change).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(requests.transfer(n2)).rejects.toMatchObject({ code: "UNAVAILABLE" });
});
