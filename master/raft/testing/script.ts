// Runs a script of commands against a cluster and gives the script back with what it printed.

import { assert, EngineError } from "../../../proto/errors.ts";
import { asMasterId } from "../../../proto/ids.ts";
import { defaultRaftConfig, type RaftConfig } from "../config.ts";
import { lastIndexOf } from "../log.ts";
import type { MembershipChange } from "../membership.ts";
import type { Message } from "../messages.ts";
import type { PlantedBug } from "../planted-bugs.ts";
import {
  campaign,
  changeMembership,
  propose,
  readIndex,
  step,
  tick,
  transferLeadership,
} from "../raft.ts";
import type { Raft } from "../state.ts";
import {
  type Cluster,
  compactNode,
  crashNode,
  type DurableState,
  emptyNode,
  finishSave,
  isCut,
  type Node,
  newCluster,
  partition,
  pump,
  startNode,
  tearNode,
} from "./cluster.ts";
import { checkExpectation } from "./expect.ts";
import { entryText, messageText, printer } from "./print.ts";
import { textToBytes } from "./text.ts";

interface Script {
  cluster: Cluster;
  readonly lines: string[];
  /** Messages put aside by `keep`, to be sent again by `replay`. */
  kept: Message[];
  seed: number;
  readonly world: ScriptWorld;
}

/** What a script needs beside the core. */
export interface ScriptWorld {
  /** What the reader of a log says of it where this bit of its file flipped. */
  rotted(durable: DurableState, bit: number): string;
  readonly plantedBug?: PlantedBug;
}

const scriptConfig: RaftConfig = {
  ...defaultRaftConfig,
  // So that a script's followers end up where its leader is without a tick of time.
  tellsCommitsAtOnce: true,
  electionTicksMin: 10,
  electionTicksMax: 20,
  entriesKeptAfterSnapshot: 0,
  snapshotRetryTicks: 20,
};

/**
 * A script is blocks of commands, then `----`, then what they printed, then an empty line. Lines
 * that begin with `#` are comments. The result is the same script with the printed part made anew.
 */
export function runScript(text: string, world: ScriptWorld): string {
  const script: Script = {
    cluster: makeCluster([], [], 1, () => {}, world.plantedBug),
    lines: [],
    kept: [],
    seed: 1,
    world,
  };
  const blocks = text.trimEnd().split(/\n\n+/);
  const results = blocks.map((block) => {
    const [input = ""] = block.split("\n----");
    const commands = input.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    if (commands.length === 0) return input;
    script.lines.length = 0;
    for (const command of commands) runCommand(script, command);
    const output = script.lines.length === 0 ? ["ok"] : script.lines;
    return `${input}\n----\n${output.join("\n")}`;
  });
  return `${results.join("\n\n")}\n`;
}

function makeCluster(
  names: readonly string[],
  settings: readonly string[],
  seed: number,
  print: (line: string) => void,
  plantedBug: PlantedBug | undefined,
): Cluster {
  const given = new Map(settings.map((setting) => setting.split("=") as [string, string]));
  const config: RaftConfig = {
    ...scriptConfig,
    appendEntriesMax: Number(given.get("entries") ?? scriptConfig.appendEntriesMax),
    inflightMessagesMax: Number(given.get("inflight") ?? scriptConfig.inflightMessagesMax),
    uncommittedBytesMax: Number(given.get("uncommitted") ?? scriptConfig.uncommittedBytesMax),
    snapshotChunkBytesMax: Number(given.get("piece") ?? scriptConfig.snapshotChunkBytesMax),
    readsWaitingMax: Number(given.get("reads") ?? scriptConfig.readsWaitingMax),
    plantedBug,
  };
  const votersMax = Number(given.get("voters") ?? names.length);
  return newCluster(names, config, seed, printer(print), votersMax);
}

function runCommand(script: Script, command: string): void {
  const [verb = "", ...words] = command.split(" ");
  const { cluster } = script;
  switch (verb) {
    case "nodes": {
      const names = Array.from({ length: Number(words[0]) }, (_, at) => `n${at + 1}`);
      const print = (line: string): void => void script.lines.push(line);
      const { seed, world } = script;
      script.cluster = makeCluster(names, words.slice(1), seed, print, world.plantedBug);
      return;
    }
    case "stabilize":
      stabilize(script);
      return;
    case "quiet": {
      // What happens is as usual here and explained elsewhere.
      const linesBefore = script.lines.length;
      runCommand(script, words.join(" "));
      script.lines.length = linesBefore;
      return;
    }
    case "lead":
      runCommand(script, `quiet campaign ${words[0]}`);
      runCommand(script, "quiet stabilize");
      return;
    case "partition":
      partition(
        cluster,
        command
          .slice(verb.length)
          .split("|")
          .map((group) => group.trim().split(" ")),
      );
      return;
    case "tick-all":
      tickAll(script, Number(words[0]));
      return;
    case "expect":
      checkExpectation(cluster, words);
      return;
    default:
      if (runNetworkCommand(script, verb, words)) return;
      for (const name of words[0] === "all" ? cluster.nodes.keys() : [words[0] ?? ""]) {
        runNodeCommand(script, verb, nodeOf(cluster, name), words.slice(1));
      }
  }
}

/** What happens to messages. False: it is no such command. */
function runNetworkCommand(script: Script, verb: string, words: readonly string[]): boolean {
  const { cluster } = script;
  switch (verb) {
    case "duplicate":
      cluster.network.push(...cluster.network.filter((message) => matches(message, words[0])));
      return true;
    case "reorder": {
      const chosen = cluster.network.filter((message) => matches(message, words[0])).reverse();
      cluster.network = cluster.network.map((message) =>
        matches(message, words[0]) ? chosen.shift()! : message,
      );
      return true;
    }
    case "deliver":
    case "drop":
      for (const message of takeMessages(script, words)) pass(script, message, verb === "drop");
      return true;
    case "keep":
      script.kept.push(...cluster.network.filter((message) => matches(message, words[0])));
      return true;
    case "replay":
      cluster.network.push(...script.kept);
      script.kept = [];
      return true;
    case "network":
      for (const message of cluster.network) script.lines.push(messageText(message));
      return true;
    case "cut":
      // One way only.
      for (const pair of words) cluster.cut.add(pair);
      return true;
    case "heal":
      cluster.cut.clear();
      return true;
    default:
      return false;
  }
}

export function nodeOf(cluster: Cluster, name: string): Node {
  const node = cluster.nodes.get(asMasterId(name));
  assert(node !== undefined, `the script names ${name}, which is no node`);
  return node;
}

function runNodeCommand(script: Script, verb: string, node: Node, words: readonly string[]): void {
  const { cluster, lines } = script;
  if (runDiskCommand(script, verb, node, words)) return;
  const raft = node.raft;
  assert(raft !== undefined, `${verb} ${node.id}: it is not running`);
  if (runProcessCommand(script, verb, node, words)) return;
  switch (verb) {
    case "campaign":
      campaign(raft);
      break;
    case "tick":
      for (let count = 0; count < Number(words[0] ?? 1); count++) {
        tick(raft);
        pump(cluster, node);
      }
      return;
    case "silence":
      // As if the shortest election timeout had passed without a word from the leader.
      raft.electionElapsedTicks = raft.config.electionTicksMin;
      break;
    case "propose": {
      for (const word of words) {
        const result = propose(raft, textToBytes(word));
        if (result.kind !== "accepted") lines.push(`${node.id} refuses "${word}": ${result.kind}`);
      }
      break;
    }
    case "read": {
      const result = readIndex(raft, Number(words[0]));
      if (result.kind !== "accepted") lines.push(`${node.id} refuses to read: ${result.kind}`);
      break;
    }
    case "transfer":
      if (transferLeadership(raft, asMasterId(words[0] ?? ""))) break;
      lines.push(`${node.id} refuses to hand over to ${words[0]}`);
      break;
    case "change":
      lines.push(`${node.id} ${tryChange(raft, words)}`);
      break;
    case "compact": {
      const snapshot = compactNode(node);
      lines.push(`${node.id} snapshot ${snapshot?.index ?? "none"}/${snapshot?.term ?? "none"}`);
      break;
    }
    case "log":
      lines.push(`${node.id} after ${raft.log.baseIndex}/${raft.log.baseTerm}`);
      for (const entry of raft.log.entries) lines.push(`  ${entryText(entry)}`);
      lines.push(`  ends ${lastIndexOf(raft.log)}, commit ${raft.log.commitIndex}`);
      break;
    default:
      assert(false, `the script has no command "${verb}"`);
  }
  pump(cluster, node);
}

/** What happens to a disk, or begins with what is on it. False: it is no such command. */
function runDiskCommand(
  { cluster, lines, world }: Script,
  verb: string,
  node: Node,
  words: readonly string[],
): boolean {
  switch (verb) {
    case "restart":
      if (node.damage !== undefined) {
        lines.push(`${node.id} refuses to vote: ${node.damage}`);
        return true;
      }
      startNode(cluster, node);
      pump(cluster, node);
      return true;
    case "empty":
      emptyNode(node);
      return true;
    case "bitflip":
      crashNode(node, 0);
      node.damage = world.rotted(node.durable, Number(words[0]));
      return true;
    case "disk-full":
      node.isDiskFull = true;
      return true;
    case "disk-free":
      node.isDiskFull = false;
      return true;
    default:
      return false;
  }
}

/** What happens to a process. False: it is no such command. */
function runProcessCommand(
  script: Script,
  verb: string,
  node: Node,
  words: readonly string[],
): boolean {
  const { cluster, lines } = script;
  switch (verb) {
    case "crash":
      crashNode(node, Number(words[0] ?? 0));
      return true;
    case "torn-write":
      tearNode(node, Number(words[0] ?? 0));
      return true;
    case "fsync-fail":
      // The process ends at once. Whether the bytes reached the disk nobody knows: here, not.
      assert(node.saving.length > 0, `fsync-fail ${node.id}: nothing is being saved`);
      lines.push(`${node.id} ends: its save failed`);
      crashNode(node, Number(words[0] ?? 0));
      return true;
    case "clock":
      node.clock.percent = Number(words[0]);
      return true;
    case "pause":
      node.isPaused = true;
      return true;
    case "resume":
      node.isPaused = false;
      return true;
    case "hold":
      node.holdsSaves = true;
      return true;
    case "save":
      finishSave(cluster, node);
      pump(cluster, node);
      return true;
    case "release":
      while (node.saving.length > 0) finishSave(cluster, node);
      node.holdsSaves = false;
      pump(cluster, node);
      return true;
    default:
      return false;
  }
}

/** `add-voter n4`, `add-learner n4`, `demote n2`, `rekey n2 key`, `remove n2`, `replace n2 n4`. */
function changeOf(words: readonly string[]): MembershipChange {
  const [verb = "", first = "", second = ""] = words;
  const id = asMasterId(first);
  switch (verb) {
    case "add-voter":
      return { kind: "addVoter", id };
    case "add-learner":
      return { kind: "addLearner", id };
    case "demote":
      return { kind: "demote", id };
    case "rekey":
      return { kind: "rekey", id, key: second };
    case "remove":
      return { kind: "remove", id };
    default:
      assert(verb === "replace", `the script knows no change "${verb}"`);
      return { kind: "replace", removed: id, added: asMasterId(second) };
  }
}

function tryChange(raft: Raft, words: readonly string[]): string {
  try {
    const result = changeMembership(raft, changeOf(words));
    return result.kind === "accepted"
      ? `begins the change at ${result.index}`
      : `does not change: ${result.kind}`;
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    return `refuses: ${thrown.code} ${thrown.message}`;
  }
}

/** Everyone ticks, and all messages pass; heartbeats are not printed. */
function tickAll(script: Script, count: number): void {
  for (let ticks = 0; ticks < count; ticks++) {
    for (const node of script.cluster.nodes.values()) {
      tickByClock(script.cluster, node);
    }
    stabilize(script);
  }
  const isNoise = (line: string): boolean => /heartbeat/.test(line);
  const kept = script.lines.filter((line) => !isNoise(line));
  script.lines.splice(0, script.lines.length, ...kept);
}

/** As often as its clock says while one tick of true time goes by. */
function tickByClock(cluster: Cluster, node: Node): void {
  const { clock } = node;
  for (clock.restPercent += clock.percent; clock.restPercent >= 100; clock.restPercent -= 100) {
    if (node.raft === undefined || node.isPaused) continue;
    tick(node.raft);
    pump(cluster, node);
  }
}

/** `n1>n2`, `n1>`, `>n2`, or nothing for all. */
function matches(message: Message, pattern: string | undefined): boolean {
  const [from = "", to = ""] = (pattern ?? ">").split(">");
  return (from === "" || from === message.from) && (to === "" || to === message.to);
}

/** `deliver n1>n2 2`: the oldest two that match; without a number, all that are under way now. */
function takeMessages(script: Script, words: readonly string[]): readonly Message[] {
  const { cluster } = script;
  const countMax = Number(words[1] ?? cluster.network.length);
  const taken = cluster.network
    .filter((message) => matches(message, words[0]) && !nodeOf(cluster, message.to).isPaused)
    .slice(0, countMax);
  cluster.network = cluster.network.filter((message) => !taken.includes(message));
  return taken;
}

function pass(script: Script, message: Message, isDropped: boolean): void {
  const { cluster, lines } = script;
  const node = nodeOf(cluster, message.to);
  if (isDropped || isCut(cluster, message) || node.raft === undefined) {
    lines.push(`${message.to} misses ${message.kind} from ${message.from}`);
    return;
  }
  lines.push(`${message.to} gets ${message.kind} from ${message.from}`);
  step(node.raft, message);
  pump(cluster, node);
}

function stabilize(script: Script): void {
  for (let rounds = 0; ; rounds++) {
    assert(rounds < 200, "the cluster does not come to rest");
    const messages = takeMessages(script, []);
    if (messages.length === 0) return;
    for (const message of messages) pass(script, message, false);
  }
}
