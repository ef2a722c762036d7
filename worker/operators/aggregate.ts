// aggregate: one row for each group of equal keys. Partial states cross the shuffle as columns.

import type { Batch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import {
  dividedGroupsBytesMin,
  dividedTextGroupsBytesMin,
  nearGroupsBytesMax,
  partialEntriesMax,
  partialGroupsBytesMax,
  partialSharesMax,
} from "../../proto/limits.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { copiesArguments } from "./aggregates/accumulator-of.ts";
import { DividedGroups } from "./aggregates/divided-groups.ts";
import { Groups, type GroupsProgram, keepsValues, RowStates } from "./aggregates/groups.ts";
import { rowPicker } from "./aggregates/picked-rows.ts";
import { columnStage, pushPieces, type Stage, wanting } from "./stage.ts";
import { wantedBy } from "./wanted-columns.ts";

export interface AggregateProgram extends GroupsProgram {
  readonly phase: "whole" | "partial" | "final";
}

/** When an aggregate changes its ways; tests do so sooner. */
export interface AggregateTuning {
  readonly sharesMax: typeof partialSharesMax;
  readonly dividedBytesMin: number;
  readonly nearBytesMax: number;
  /** Of groups by texts, among others perhaps. */
  readonly dividedTextBytesMin: number;
}

const usualTuning: AggregateTuning = {
  sharesMax: partialSharesMax,
  dividedBytesMin: dividedGroupsBytesMin,
  nearBytesMax: nearGroupsBytesMax,
  dividedTextBytesMin: dividedTextGroupsBytesMin,
};

/** Of values that lie in a fixed number of bytes. */
const numberTypes: ReadonlySet<Column["type"]> = new Set([
  ...["null", "bool", "int32", "int53", "int64", "float64", "date", "timestamp", "decimal"],
] as const);

/** Without keys, rows that a condition left need not be picked; `final` is given states, which no condition sees. */
function addingStage(
  program: AggregateProgram,
  next: Stage,
  add: (batch: Batch, selection?: Int32Array) => void,
  { letsGo, finish }: Required<Pick<Stage, "letsGo" | "finish">>,
): Stage {
  const pick = rowPicker(program);
  const hasKeys = program.keys.length > 0;
  const pushSelected = (batch: Batch, rows: Int32Array): void =>
    hasKeys ? add(pick(batch, rows)) : add(batch, rows);
  const more = program.phase === "final" ? {} : { pushSelected, readsSelected: !hasKeys };
  const base = columnStage(next, (batch) => add(batch));
  const isCopied = program.aggregates.every(({ call }) => copiesArguments(call));
  return {
    ...base,
    ...more,
    letsGo: () => isCopied && letsGo(),
    wantsMore: () => true,
    finish,
  };
}

/** Hands on groups as they are when there are too many, and rows as groups where there are hardly fewer of them. */
function partialStage(
  program: AggregateProgram,
  memory: OperatorMemory,
  next: Stage,
  { sharesMax }: AggregateTuning,
): Stage {
  const groups = new Groups(program, "partial");
  const rowStates = new RowStates(program);
  const bytesMax = Math.min(partialGroupsBytesMax, memory.ownBytes);
  let passesRows = false;
  const hardlyReduces = (): boolean => {
    const bound = sharesMax.findLast(({ rows }) => groups.rows >= rows);
    return (
      program.keys.length > 0 && bound !== undefined && groups.size > groups.rows * bound.share
    );
  };
  function* drain(): Iterable<void> {
    if (groups.size > 0) yield* pushPieces(groups.takeStates(), next);
    memory.resize(0);
  }
  const add = (batch: Batch, selection?: Int32Array): void => {
    if (passesRows) return next.pushBatch(rowStates.of(batch));
    groups.addRows(batch, selection);
    passesRows = hardlyReduces();
    const { bytes } = groups;
    // Bounds of its own come first: how far a budget reaches depends on other tasks, and the blocks must not.
    const isMuch = groups.size > partialEntriesMax || bytes > bytesMax;
    if (passesRows || isMuch || !memory.resize(bytes)) for (const _ of drain());
  };
  const letsGo = () => !passesRows || next.letsGo?.() === true;
  return addingStage(program, next, add, { letsGo, finish: drain });
}

/** Of a table that is divided. */
const copiesWhileDivided = 4;

function hasTexts(keys: readonly Column[] = []): boolean {
  return keys.some(({ type }) => !numberTypes.has(type));
}

/** One table while it is small, or its rows meet the same part of it for a while; then divided ones, which can spill. */
function lastStage(
  program: AggregateProgram,
  memory: OperatorMemory,
  next: Stage,
  { dividedBytesMin, dividedTextBytesMin, ...tuning }: AggregateTuning,
): Stage {
  const isKeyed = program.keys.length > 0;
  // What is to be divided, and so may be spilled, has to give states.
  const givesStates = isKeyed && keepsValues(program);
  const groups = new Groups(program, givesStates ? "partial" : "last");
  const rowStates = new RowStates(program);
  // Of the input and of what is a thread's own alone: the order of groups follows from it.
  const ownBytesMax = Math.min(tuning.nearBytesMax, memory.ownBytes);
  const nearBytesMax = Math.max(dividedBytesMin, ownBytesMax);
  let divided: DividedGroups | undefined;
  const add = (batch: Batch, selection?: Int32Array): void => {
    if (divided !== undefined) {
      return divided.add(program.phase === "final" ? batch : rowStates.of(batch));
    }
    if (program.phase === "final") groups.addStates(batch);
    else groups.addRows(batch, selection);
    const { bytes } = groups;
    if (!isKeyed) return memory.demand(bytes, "the values of one group");
    // The table, its states and these divided are there at once for a moment.
    const ownTextBytes = Math.floor(memory.ownBytes / copiesWhileDivided);
    const textBytesMin = Math.max(dividedBytesMin, Math.min(dividedTextBytesMin, ownTextBytes));
    const numberBytesMin = groups.areNear ? nearBytesMax : dividedBytesMin;
    const bytesMin = hasTexts(groups.firstKeys) ? textBytesMin : numberBytesMin;
    if (bytes < bytesMin && memory.resize(bytes)) return;
    divided = new DividedGroups(program, memory, groups.firstKeys);
    divided.add(groups.takeStates());
  };
  function* finish(): Iterable<void> {
    if (divided !== undefined) {
      for (const batch of divided.results()) yield* pushPieces(batch, next);
    } else if (groups.size > 0) yield* pushPieces(groups.takeResults(), next);
    memory.resize(0);
  }
  return addingStage(program, next, add, { letsGo: () => divided === undefined, finish });
}

export function aggregateStage(
  program: AggregateProgram,
  memory: OperatorMemory,
  next: Stage,
  tuning = usualTuning,
): Stage {
  const stage = program.phase === "partial" ? partialStage : lastStage;
  const made = stage(program, memory, next, tuning);
  return program.phase === "final" ? made : { ...made, ...wanting(wantedOf(program)) };
}

/** States name their columns themselves. */
function wantedOf({ keys, aggregates }: AggregateProgram): Stage["wants"] {
  const calls = aggregates.map(({ call }) => call);
  return wantedBy([
    ...keys.map(({ expr }) => expr),
    ...calls.flatMap(({ args, filter }) => (filter === undefined ? args : [...args, filter])),
  ]);
}
