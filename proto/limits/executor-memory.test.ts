// How little memory is too little for an executor, and what its threads get of little and of much.

import { describe, expect, test } from "vitest";
import {
  checkMemory,
  leastMemoryBytes,
  operatorBytes,
  threadHeapMiB,
  threadsWithin,
  threadYoungMiB,
} from "./executor-memory.ts";

const mebibyte = 1024 * 1024;

test("the least is what two threads can work with, and is named where there is less", () => {
  expect(leastMemoryBytes(2)).toBe(384 * mebibyte);
  checkMemory(384 * mebibyte, 2);
  expect(operatorBytes(384 * mebibyte, 2)).toBe(32 * mebibyte);
  expect(() => checkMemory(384 * mebibyte - 1, 2)).toThrow(
    "an executor with 2 threads needs 384 MiB of memory at least, and may use 383 MiB: 96 MiB for the program, and " +
      "for each thread 128 MiB for batches on their way and 16 MiB for rows that steps hold; use --memory 384MiB, or " +
      "--threads 1",
  );
  expect(() => checkMemory(100 * mebibyte, 1)).toThrow("use --memory 240MiB");
});

test("no more threads than there is memory for, and one at least", () => {
  expect(threadsWithin(1024 * mebibyte, 64)).toBe(6);
  expect(threadsWithin(1024 * mebibyte, 2)).toBe(2);
  expect(threadsWithin(10 * mebibyte, 2)).toBe(1);
});

describe("heaps follow the memory of the process", () => {
  test.each([
    [384, 2, 256, 12],
    [1024, 2, 512, 32],
    [14_745, 2, 2048, 48],
  ])("%i MiB for %i threads: %i MiB, %i of them young", (memoryMiB, threads, heap, young) => {
    expect(threadHeapMiB(memoryMiB * mebibyte, threads)).toBe(heap);
    expect(threadYoungMiB(memoryMiB * mebibyte, threads)).toBe(young);
  });
});
