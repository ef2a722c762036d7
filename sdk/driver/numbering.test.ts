// Actions are numbered in the order of their start, however long some of them take to settle their numbers.

import { expect, test } from "vitest";
import { type ActionNumbers, Numbering } from "./numbering.ts";

test("one number each, at once", () => {
  const numbering = new Numbering();
  const seen: number[] = [];
  const note = async (index: number) => void seen.push(index);
  void numbering.one(note);
  void numbering.one(note);
  expect(seen).toEqual([0, 1]);
});

test("what starts after an open action waits until its numbers are settled", async () => {
  const numbering = new Numbering();
  const seen: string[] = [];
  let open: ActionNumbers | undefined;
  const first = numbering.several(async (numbers) => {
    open = numbers;
    seen.push(`a${numbers.next()}`);
  });
  const second = numbering.one(async (index) => void seen.push(`b${index}`));
  const third = numbering.several(async (numbers) => {
    seen.push(`c${numbers.next()}`);
    numbers.settled();
  });
  const fourth = numbering.one(async (index) => void seen.push(`d${index}`));
  await first;
  expect(seen).toEqual(["a0"]);
  seen.push(`a${open!.next()}`);
  open!.settled();
  await Promise.all([second, third, fourth]);
  expect(seen).toEqual(["a0", "a1", "b2", "c3", "d4"]);
});
