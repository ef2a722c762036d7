// The bounds that tasks and operators keep among themselves.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { ArraySpillFiles, taskMemoryOf } from "./memory-for-tests.ts";
import { ledgerBytes, SharedBudget } from "./shared-budget.ts";
import { TaskMemory } from "./task-memory.ts";

const limitBytes = 1000;

function tasksOf(slots: number, operators: number) {
  const ledger = new ArrayBuffer(ledgerBytes(slots));
  const budget = new SharedBudget(ledger, { limitBytes, slots });
  const files = new ArraySpillFiles();
  const tasks = Array.from(
    { length: slots },
    (_, slot) => new TaskMemory({ budget, slot, files }, slot, operators),
  );
  const all = tasks.map((task) =>
    Array.from({ length: operators }, (_, index) => task.operator(`op#${index}`)),
  );
  return { budget, tasks, all };
}

describe("the memory of tasks", () => {
  test("whatever is asked for, the sum stays within the limit, and what can be reached can be had", () => {
    const shapes = fc.record({
      slots: fc.integer({ min: 1, max: 4 }),
      operators: fc.integer({ min: 1, max: 3 }),
    });
    const asks = fc.array(
      fc.record({ slot: fc.nat(3), operator: fc.nat(2), bytes: fc.nat(1100), ends: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(shapes, asks, ({ slots, operators }, steps) => {
        const { budget, tasks, all } = tasksOf(slots, operators);
        for (const { slot, operator, bytes, ends } of steps) {
          const own = all[slot % slots]![operator % operators]!;
          const before = own.bytes;
          const { reachBytes } = own;
          const isGranted = own.resize(bytes);
          expect(isGranted).toBe(bytes <= reachBytes || bytes <= before);
          expect(own.bytes).toBe(isGranted ? bytes : before);
          const sum = all.flat().reduce((total, { bytes: held }) => total + held, 0);
          expect(sum).toBeLessThanOrEqual(limitBytes);
          if (!ends) continue;
          tasks[slot % slots]!.close();
          all[slot % slots] = Array.from({ length: operators }, (_, index) =>
            tasks[slot % slots]!.operator(`op#${index}`),
          );
        }
        for (const task of tasks) task.close();
        expect(budget.freeBytes).toBe(budget.commonBytes);
      }),
    );
  });

  test("each operator may have its part while the others have all else", () => {
    const { all } = tasksOf(2, 2);
    const [[greedy, modest], [other]] = all as [
      [(typeof all)[0][0], (typeof all)[0][0]],
      (typeof all)[0],
    ];
    expect(greedy!.resize(greedy!.reachBytes)).toBe(true);
    // A quarter of the budget is the slot's own, of which each of its two operators has a quarter for itself.
    expect(modest!.reachBytes).toBe(62);
    expect(modest!.resize(62)).toBe(true);
    expect(modest!.resize(63)).toBe(false);
    expect(other!.resize(188)).toBe(true);
  });

  test("where spilling cannot help the error names operator, task, limit and peak", () => {
    const operator = taskMemoryOf(limitBytes).operator("join#4");
    operator.demand(600, "one group");
    try {
      operator.demand(1001, "one group");
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(EngineError);
      const { code, details, message } = thrown as EngineError;
      expect(code).toBe("MEMORY_EXCEEDED");
      expect(details).toEqual({
        operator: "join#4",
        partition: 0,
        limitBytes: 1000,
        peakBytes: 1001,
      });
      expect(message).toContain("needs 1001 bytes for one group, of 1000 that it may have");
      expect(message).toContain("(peak of the task, with these: 1001)");
      expect(operator.bytes).toBe(600);
    }
  });

  test("files end with their task", () => {
    const files = new ArraySpillFiles();
    const task = taskMemoryOf(limitBytes, files);
    const operator = task.operator("sortBy#1");
    operator.createSpillFile().append([new Uint8Array(3)]);
    operator.createSpillFile().close();
    expect(files.open).toBe(1);
    expect(task.spilledBytes).toBe(3);
    task.close();
    expect(files.open).toBe(0);
  });

  test("each write to a spill file is told, and garbage is bounded after it", () => {
    const told: string[] = [];
    const slots = 1;
    const budget = new SharedBudget(new ArrayBuffer(ledgerBytes(slots)), { limitBytes, slots });
    const room = {
      ...{ budget, slot: 0, files: new ArraySpillFiles() },
      collectAbove: (reserved: number) => told.push(`reserved ${reserved}`),
      onSpill: () => {
        told.push("spilled");
        if (told.length > 3) throw new EngineError("LEASE_LOST", "the attempt was stopped");
      },
    };
    const file = new TaskMemory(room, 0, 1).operator("sortBy#1").createSpillFile();
    file.append([new Uint8Array(3)]);
    expect(() => file.append([new Uint8Array(3)])).toThrow("the attempt was stopped");
    expect(told).toEqual(["reserved 500", "spilled", "reserved 500", "spilled"]);
  });
});
