// Whatever a peer can put into bytes, to a core in whatever state: taken or refused, never believed against what is certain.

import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../../proto/ids.ts";
import { decodePeerMessage, encodePeerMessage } from "../../peers/codec.ts";
import type { Entry } from "../entry.ts";
import { lastIndexOf, termAt } from "../log.ts";
import { encodeMembership } from "../membership-codec.ts";
import type { Message } from "../messages.ts";
import { step, tick } from "../raft.ts";
import type { Raft } from "../state.ts";
import { type Cluster, finishSave, type Node, pump } from "./cluster.ts";
import { randomCluster } from "./random-run.ts";

/** Numbers that matter to a core: near what it has, and far from anything. */
type Numeral = readonly [from: "term" | "last" | "commit" | "base" | "zero", plus: number];

const numeral = fc.tuple(
  fc.constantFrom("term", "last", "commit", "base", "zero"),
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -3, max: 4 }) },
    { weight: 1, arbitrary: fc.constantFrom(1_000, 2 ** 31, 2 ** 33, 2 ** 48, 2 ** 53 - 1) },
  ),
) as fc.Arbitrary<Numeral>;

const kinds = [
  ...["preVote", "vote", "preVoteReply", "voteReply", "append", "appendReply", "heartbeat"],
  ...["heartbeatReply", "installSnapshot", "installSnapshotReply", "timeoutNow"],
] as const;

const recipe = fc.record({
  kind: fc.constantFrom(...kinds),
  from: fc.constantFrom("n1", "n2", "n3", "n4", "n5", "stranger"),
  to: fc.nat({ max: 4 }),
  term: numeral,
  numbers: fc.array(numeral, { minLength: 4, maxLength: 4 }),
  flags: fc.tuple(fc.boolean(), fc.boolean()),
  entries: fc.array(
    fc.record({
      /** Mostly as they have to be. */
      skips: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: -1, max: 1 })),
      term: numeral,
      kind: fc.constantFrom("noop", "command", "config"),
      data: fc.uint8Array({ maxLength: 6 }),
    }),
    { maxLength: 4 },
  ),
  saves: fc.boolean(),
  ticks: fc.nat({ max: 3 }),
});
type Recipe = typeof recipe extends fc.Arbitrary<infer Value> ? Value : never;

function numberOf({ log, term }: Raft, [from, plus]: Numeral): number {
  const starts = { term, last: lastIndexOf(log), commit: log.commitIndex, base: log.baseIndex };
  return Math.max(0, (from === "zero" ? 0 : starts[from]) + plus);
}

function entriesOf(raft: Raft, prevIndex: number, recipes: Recipe["entries"]): Entry[] {
  let index = prevIndex;
  return recipes.map(({ skips, term, kind, data }) => {
    index += 1 + skips;
    const membership = encodeMembership({
      voters: [...data].slice(0, 3).map((byte) => asMasterId(`n${byte}`)),
      ...{ votersOutgoing: [], learners: [] },
    });
    const bytes = kind === "config" && data.length % 2 === 0 ? membership : data;
    return { index, term: numberOf(raft, term), kind: kind as Entry["kind"], data: bytes };
  });
}

/** Every field of every kind: what a kind does not have is not written. */
function messageOf(raft: Raft, made: Recipe): Message {
  const [one, two, three, four] = made.numbers.map((each) => numberOf(raft, each));
  const [yes, no] = made.flags;
  // As often as not what this core has there, so that not all is refused for its first field.
  const placed = yes ? (termAt(raft.log, one!) ?? two!) : two!;
  return {
    ...{ kind: made.kind, from: asMasterId(made.from), to: raft.id },
    ...{ term: numberOf(raft, made.term), lastIndex: one, lastTerm: two, force: yes, granted: no },
    ...{ prevIndex: one, prevTerm: placed, entries: entriesOf(raft, one!, made.entries) },
    ...{ commit: three, rejected: no, index: one, hintIndex: three, hintTerm: two },
    ...{ readRound: made.numbers[3]![1] > 4 ? four : Math.max(0, made.numbers[3]![1]) },
    ...{ snapshotIndex: one, snapshotTerm: placed, offset: yes ? 0 : three, done: no },
    membership: { voters: [asMasterId("n1"), asMasterId("n2")], votersOutgoing: [], learners: [] },
    bytes: made.entries[0]?.data ?? new Uint8Array(0),
  } as unknown as Message;
}

/** All that a refused message may not have changed. */
function fingerprint(raft: Raft): string {
  const { random: _, config: __, ...rest } = raft;
  return JSON.stringify(rest, (_key, value: unknown) =>
    value instanceof Map ? [...value] : value instanceof Uint8Array ? [...value] : value,
  );
}

interface Certain {
  readonly committed: Map<number, string>;
  readonly votes: Map<number, MasterId>;
  term: number;
}

function entryText({ term, kind, data }: Entry): string {
  return `${term} ${kind} ${[...data]}`;
}

/** What was committed stays as it was; terms only rise; what is promised is true. */
function check(node: Node, certain: Certain, sent: readonly Message[]): void {
  const raft = node.raft!;
  const { log } = raft;
  expect(raft.term).toBeGreaterThanOrEqual(certain.term);
  certain.term = raft.term;
  for (const entry of log.entries) {
    if (entry.index > log.commitIndex) break;
    const before = certain.committed.get(entry.index);
    if (before !== undefined) expect(entryText(entry)).toBe(before);
    certain.committed.set(entry.index, entryText(entry));
  }
  expect(log.commitIndex).toBeGreaterThanOrEqual(Math.max(0, ...certain.committed.keys()));
  for (const message of sent) {
    if (message.from !== raft.id) continue;
    if (message.kind === "voteReply" && message.granted) {
      expect(certain.votes.get(message.term) ?? message.to, "two votes").toBe(message.to);
      certain.votes.set(message.term, message.to);
    }
    if (message.kind === "appendReply" && !message.rejected && message.term === raft.term) {
      expect(message.index).toBeLessThanOrEqual(lastIndexOf(log));
    }
  }
}

/** What else happens to a node between two messages. */
function live(cluster: Cluster, node: Node, made: Recipe): void {
  for (let count = 0; count < made.ticks; count++) tick(node.raft!);
  pump(cluster, node);
  if (made.saves) finishSave(cluster, node);
}

function send(node: Node, made: Recipe): "taken" | "refused" {
  const raft = node.raft!;
  let before = "";
  try {
    const message = decodePeerMessage(encodePeerMessage(messageOf(raft, made)));
    before = fingerprint(raft);
    step(raft, message);
    return "taken";
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    expect(["MESSAGE_INVALID", "LIMIT_EXCEEDED"]).toContain(thrown.code);
    if (before !== "") expect(fingerprint(raft)).toBe(before);
    return "refused";
  }
}

test("no message makes a core throw, forget what is committed, or promise what is not so", () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(
      fc.nat({ max: 10_000 }),
      fc.integer({ min: 50, max: 900 }),
      fc.array(recipe, { minLength: 1, maxLength: 30 }),
      (seed, steps, recipes) => {
        const { cluster, nodes } = randomCluster(seed, steps);
        // Masters that believe a lie may differ: here each is held against what it knew itself.
        cluster.watcher.applied = () => {};
        const certain = new Map<Node, Certain>();
        for (const made of recipes) {
          const node = nodes[made.to]!;
          if (node.raft === undefined) continue;
          const known = certain.get(node) ?? { committed: new Map(), votes: new Map(), term: 0 };
          certain.set(node, known);
          cluster.network = [];
          check(node, known, []);
          seen[send(node, made)]++;
          live(cluster, node, made);
          check(node, known, cluster.network);
        }
      },
    ),
    { numRuns: 200 },
  );
  // A test that is refused for everything, or for nothing, would show nothing.
  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(500);
}, 60_000);
