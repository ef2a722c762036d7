// joinByKey: pairs of the pipeline with those of the other input, which is kept by key. Rows of the pipeline go on as they
// come, and none of them is kept unless what is kept had to go to files.

import type { Batch } from "../../../proto/batch/batch.ts";
import { chunkRowsMax } from "../../../proto/limits.ts";
import type { JoinByKeyNode } from "../../../proto/plan/logical.ts";
import type { Stage } from "../stage.ts";
import {
  type KeyedPlace,
  type Pairs,
  pairsOfBatch,
  pairsOfRows,
  withinUser,
} from "./keyed-place.ts";
import { KeyedState, type KeyedWork } from "./keyed-state.ts";
import { PlacedRows } from "./placed-rows.ts";

const name = "joinByKey";

/** Of one key. Values of the left are here only where they wait for those of the right to come back from files. */
interface Sides {
  readonly lefts: unknown[];
  rights: unknown[];
}

const work: KeyedWork<Sides> = {
  first: (value, side) =>
    side === 0 ? { lefts: [value], rights: [] } : { lefts: [], rights: [value] },
  add: (sides, value, side) => {
    if (side === 0) sides.lefts.push(value);
    else sides.rights.push(value);
    return sides;
  },
  valuesOf: function* ({ lefts, rights }) {
    for (const value of lefts) yield [value, 0];
    for (const value of rights) yield [value, 1];
  },
  keepsValues: true,
};

/** Its place among all, its key as it came, and its value. */
type WaitingRow = readonly [place: number, key: unknown, value: unknown];

const absent = [undefined] as const;

class JoinByKey {
  private readonly type: JoinByKeyNode["type"];
  private readonly place: KeyedPlace;
  private readonly next: Stage;
  private readonly kept: KeyedState<Sides>;
  private base = 0;

  constructor(type: JoinByKeyNode["type"], place: KeyedPlace, next: Stage) {
    this.type = type;
    this.place = place;
    this.next = next;
    this.kept = new KeyedState(work, place.memory);
  }

  keep(batch: Batch): void {
    const { kept, place } = this;
    for (const { keys, values } of pairsOfBatch(batch, name, place, 0)) {
      withinUser(place, () => {
        for (let i = 0; i < keys.length; i++) kept.add(keys[i], values[i], 1);
      });
    }
    kept.settle();
  }

  push(rows: readonly unknown[]): void {
    this.join(pairsOfRows(rows, name, this.place, this.base));
  }

  pushBatch(batch: Batch): void {
    for (const pairs of pairsOfBatch(batch, name, this.place, this.base)) {
      if (!this.next.wantsMore()) return;
      this.join(pairs);
    }
  }

  private join({ keys, values }: Pairs): void {
    const { kept, base, place } = this;
    this.base += keys.length;
    if (kept.isSpilled) {
      withinUser(place, () => {
        for (let i = 0; i < keys.length; i++) kept.add(keys[i], [base + i, keys[i], values[i]], 0);
      });
      return kept.settle();
    }
    const found = new Array<readonly unknown[] | undefined>(keys.length);
    withinUser(place, () => {
      for (let i = 0; i < keys.length; i++) found[i] = kept.find(keys[i])?.rights;
    });
    let out: unknown[] = [];
    for (let i = 0; i < keys.length; i++) {
      const rights = found[i] ?? this.withoutPartner;
      for (let at = 0; at < rights.length; at++) {
        out.push([keys[i], [values[i], rights[at]]]);
        if (out.length < chunkRowsMax) continue;
        this.next.push(out);
        out = [];
        if (!this.next.wantsMore()) return;
      }
    }
    if (out.length > 0) this.next.push(out);
  }

  private get withoutPartner(): readonly unknown[] {
    return this.type === "left" ? absent : [];
  }

  *finish(): Iterable<void> {
    const { kept, next, place } = this;
    if (!kept.isSpilled) return kept.clear();
    const joined = new PlacedRows(place.memory);
    const within = (add: () => void): void => withinUser(place, add);
    for (const [, sides] of kept.drain((all) => all, within)) {
      const { lefts, rights } = sides as Sides;
      const partners = rights.length === 0 ? this.withoutPartner : rights;
      for (const left of lefts) {
        const [at, key, value] = left as WaitingRow;
        for (const partner of partners) joined.add([key, [value, partner]], at);
      }
    }
    for (const rows of joined.sorted()) {
      if (!next.wantsMore()) break;
      next.push(rows);
      yield;
    }
  }
}

/** `[key, value]` of the pipeline and of the side to `[key, [value here, value there]]`, in the order of the pipeline. */
export function joinByKeyStage(
  { stageId, type }: { readonly stageId: number; readonly type: JoinByKeyNode["type"] },
  place: KeyedPlace,
  next: Stage,
): Stage {
  const join = new JoinByKey(type, place, next);
  return {
    push: (rows) => join.push(rows),
    pushBatch: (batch) => join.pushBatch(batch),
    wantsMore: () => next.wantsMore(),
    finish: () => join.finish(),
    takesSmall: false,
    side: { stageId, pushBatch: (batch) => join.keep(batch) },
  };
}
