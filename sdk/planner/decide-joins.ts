// Chooses between sending a side of a join whole and cutting both, by real sizes: what a filter or an
// aggregate leaves shows only when it ran, so such a side is made first, kept, and counted.

import { measuredBytesMax } from "../../proto/limits.ts";
import { inputsOf, mapPlan, planNodes, withInputs } from "../../proto/plan/inputs.ts";
import type { Action, CacheNode, JoinNode, LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import { readersOf } from "../rules/rule.ts";
import { bytesOfRows, type PlanSizes } from "./estimate.ts";
import { areGroupsOwn, withFewerGroups } from "./fewer-groups.ts";
import { mayKeep, type Side } from "./join-stages.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import type { Places } from "./places.ts";

/** Of what may be sent whole, the part that takes as long to send as a round of its own: 4 MiB. */
const countingShare = 4;
/** Of what is read to count a side, the part that takes as long to send. */
const readingShare = 8;
/** A side that has at most this share of its rows is likely to lack keys of the other. */
const fewShare = 0.25;

export interface Decided {
  readonly plan: Action;
  /** To be made and counted before the plan can be decided further. */
  readonly measure?: LogicalNode;
}

/** Joins of an action that may ask for a count of a side; said by its shape alone, so that replays agree. */
export function openJoins(action: Action): ReadonlySet<NodeId> {
  if (action.kind === "explain") return new Set();
  return new Set(
    planNodes(action.input)
      .filter(isOpen)
      .map(({ id }) => id),
  );
}

function isOpen(node: LogicalNode): node is JoinNode {
  return node.kind === "join" && node.strategy === undefined && node.on.length > 0;
}

/** Steps after which there may be far fewer rows than before. */
const shrinking = new Set<LogicalNode["kind"]>([
  "where",
  "filter",
  "aggregate",
  "distinct",
  "limit",
  "sample",
  "reduceByKey",
  "join",
  "kept",
]);

/** Nodes that are such a step, or stand above one. */
function shrunkenNodes(last: LogicalNode): ReadonlySet<LogicalNode> {
  const shrunken = new Set<LogicalNode>();
  for (const node of planNodes(last)) {
    const isOne = shrinking.has(node.kind) || inputsOf(node).some((input) => shrunken.has(input));
    if (isOne) shrunken.add(node);
  }
  return shrunken;
}

/** Steps that are made again, rather than kept, where several read them. */
const cheap = new Set<LogicalNode["kind"]>([
  ...([
    "readText",
    "readNdjson",
    "readCsv",
    "readCheckpoint",
    "readColumns",
    "readSource",
    "values",
  ] as const),
  ...(["range", "cache", "kept", "where", "select", "alter", "conform"] as const),
]);

/** Whether to count a side does no work that the rest of the plan then has to do again. */
function isApart(side: LogicalNode, readers: ReadonlyMap<LogicalNode, number>): boolean {
  const within = readersOf(side);
  return planNodes(side).every((node) => {
    const known = node === side ? 1 : (within.get(node) ?? 0);
    return cheap.has(node.kind) || readers.get(node) === known;
  });
}

export interface JoinDecisions {
  readonly schemas: KnownSchemas;
  /** Told here what was counted. */
  readonly sizes: PlanSizes;
  /** Of a side that is sent whole, as files have them. */
  readonly broadcastBytes: number;
  readonly measurable: ReadonlySet<NodeId>;
  readonly places: Places;
  /** Counts of the sides that were asked for so far, in order. */
  readonly measured: readonly number[];
}

/** The joins of a plan are decided from the sources up, each by the sizes that those below it have then. */
export function decideJoins(action: Action, decisions: JoinDecisions): Decided {
  const { schemas, sizes, places, measurable, measured, broadcastBytes } = decisions;
  if (measurable.size === 0) return { plan: action };
  const choice = new JoinChoice(sizes, broadcastBytes);
  const shrunken = shrunkenNodes(action.input);
  const readers = readersOf(action.input);
  let asked = 0;
  let measure: LogicalNode | undefined;
  const input = mapPlan(action.input, (after, before) => {
    // From the sources up: a plan may be deeper than calls can nest.
    sizes.of(after);
    schemas.of(after);
    places.of(after);
    if (measure !== undefined || !isOpen(before) || after.kind !== "join") return after;
    if (!measurable.has(before.id)) return after;
    if (places.areShared(after)) return after;
    if (choice.knowsLeft(after)) return withFewerRight(after);
    const isOwn = (small: Side) =>
      areGroupsOwn(before[small === "left" ? "right" : "left"], before[small], readers);
    const mayCount = (own: Side) => shrunken.has(before[own]) && isApart(before[own], readers);
    const side = choice.sideToMeasure(after, mayCount);
    if (side === undefined) return choice.withGroups(after, isOwn);
    const kept: CacheNode = { kind: "cache", id: before.id, input: after[side] };
    const counted = measured[asked++];
    if (counted === undefined) {
      measure = kept;
      return after;
    }
    sizes.know(kept, bytesOfRows(counted, schemas.of(after[side])));
    const sides = side === "left" ? [kept, after.right] : [after.left, kept];
    return choice.withGroups(choice.withCounted(withInputs(after, sides) as JoinNode, side), isOwn);
  });
  const plan = { ...action, input };
  return measure === undefined ? { plan } : { plan, measure };
}

/**
 * Left rows come out of such a join, so they are not sent whole. But their keys are, to drop what has no partner
 * from the right where it is read: what is left of it is cut and joined.
 */
function withFewerRight(node: JoinNode): JoinNode {
  const right: JoinNode = {
    ...{ kind: "join", id: node.id, type: "semi", rightNames: [], strategy: "broadcast" },
    ...{ left: node.right, right: node.left },
    on: node.on.map(({ left, right }) => ({ left: right, right: left })),
  };
  return { ...node, right, strategy: "shuffle" };
}

/** Joins whose right rows only say something about left ones. */
const isFound = ({ type }: JoinNode): boolean => type === "semi" || type === "anti";

const bothSides = ["right", "left"] as const;

/** What is sent whole, by the sizes of both sides. */
class JoinChoice {
  private readonly sizes: PlanSizes;
  private readonly broadcastBytes: number;

  constructor(sizes: PlanSizes, broadcastBytes: number) {
    this.sizes = sizes;
    this.broadcastBytes = broadcastBytes;
  }

  /** Bytes at most of the side that may be sent whole, the smaller one of two. */
  private sentBytes(node: JoinNode): number {
    const sides = bothSides.filter((side) => mayKeep(node, side));
    return Math.min(...sides.map((side) => this.sizes.of(node[side]).most));
  }

  /** Whether files alone say of a semi join that its left keys can be sent, and that its right rows cannot. */
  knowsLeft(node: JoinNode): boolean {
    const left = this.sizes.of(node.left).most;
    return (
      isFound(node) && left <= this.broadcastBytes && this.sentBytes(node) > this.broadcastBytes
    );
  }

  /**
   * The side that could be sent whole if it is small, where its files alone do not say that it is. Of semi joins also
   * the left one, whose keys could be sent.
   */
  sideToMeasure(node: JoinNode, mayCount: (side: Side) => boolean): Side | undefined {
    const { broadcastBytes } = this;
    const of = (side: Side) => this.sizes.of(node[side]);
    const cost = (side: Side) => of(side).likely + of(side).most / readingShare;
    const [best] = bothSides
      .filter((side) => mayKeep(node, side) || (side === "left" && isFound(node)))
      .filter((side) => mayCount(side) && of(side).most <= measuredBytesMax)
      .sort((a, b) => cost(a) - cost(b));
    if (best === undefined) return undefined;
    const { most, likely } = of(best);
    const sent = this.sentBytes(node);
    if (sent > broadcastBytes) {
      const other = of(best === "left" ? "right" : "left").likely;
      return likely <= broadcastBytes || 2 * likely <= other ? best : undefined;
    }
    // A count costs a round of its own: it has to save more than that.
    return most > sent && 4 * likely + broadcastBytes / countingShare < sent ? best : undefined;
  }

  /** What is done once a side is counted. */
  withCounted(node: JoinNode, side: Side): JoinNode {
    // In memory a side has about twice the bytes that it has in files.
    if (this.sizes.of(node[side]).most > 2 * this.broadcastBytes) {
      // The other is sent whole where it may be.
      return this.sentBytes(node) <= this.broadcastBytes ? node : { ...node, strategy: "shuffle" };
    }
    if (side === "right") return { ...node, strategy: "broadcast" };
    return mayKeep(node, "left") ? { ...node, strategy: "broadcastLeft" } : withFewerRight(node);
  }

  /** The side that will be sent whole, and likely lacks keys of the other; undefined where there is none. */
  private fewSide(node: JoinNode): Side | undefined {
    const { strategy } = node;
    const size = (side: Side) => this.sizes.of(node[side]);
    const isFew = (side: Side) => mayKeep(node, side) && size(side).share <= fewShare;
    if (strategy === "broadcast") return isFew("right") ? "right" : undefined;
    if (strategy === "broadcastLeft") return isFew("left") ? "left" : undefined;
    if (strategy === "shuffle") return undefined;
    return bothSides.find((side) => isFew(side) && size(side).most <= this.broadcastBytes);
  }

  /** With as few groups on the other side as there are keys on a small one. */
  withGroups(node: JoinNode, isOwn: (small: Side) => boolean): JoinNode {
    const few = this.fewSide(node);
    return few === undefined || !isOwn(few) ? node : withFewerGroups(node, few);
  }
}
