// Kernels that wait: the same ones come back, the largest are given up, and all kinds share one bound.

import { beforeEach, expect, test } from "vitest";
import { keptKernelsBytesMin } from "../limits/memory.ts";
import { wasmBase64 as codecs } from "./generated/block-codecs-wasm.ts";
import { wasmBase64 as texts } from "./generated/plain-texts-wasm.ts";
import { KernelShelf, keepKernels, keptKernelsBytes } from "./kept-kernels.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  reserve(bytes: number): number;
}

const mebibyte = 1024 * 1024;
const one = new KernelShelf<Kernel>(codecs);
const other = new KernelShelf<Kernel>(texts);

function grown(shelf: KernelShelf<Kernel>, bytes: number): Kernel {
  const kernel = shelf.take();
  kernel.reserve(bytes);
  return kernel;
}

// Other tests of the process may have kept more.
beforeEach(() => keepKernels(0));

test("a kernel that was given back is taken again, by its own kind only", () => {
  const kernel = one.take();
  one.give(kernel);
  expect(other.take()).not.toBe(kernel);
  expect(one.take()).toBe(kernel);
  expect(one.take()).not.toBe(kernel);
});

test("one that has more than half of the room is given up", () => {
  const kernel = grown(one, keptKernelsBytesMin / 2 + mebibyte);
  one.give(kernel);
  expect(one.take()).not.toBe(kernel);
});

test("those unused for longest make way, of whatever kind", () => {
  const kernels = Array.from({ length: 8 }, () => grown(one, 6 * mebibyte));
  const first = grown(other, 6 * mebibyte);
  other.give(first);
  for (const kernel of kernels) one.give(kernel);
  expect(keptKernelsBytes()).toBeLessThanOrEqual(keptKernelsBytesMin);
  expect(other.take()).not.toBe(first);
  expect(one.take()).toBe(kernels.at(-1));
});

test("where there is much memory, larger ones wait", () => {
  keepKernels(2 ** 36);
  const kernel = grown(one, 2 * keptKernelsBytesMin);
  one.give(kernel);
  expect(one.take()).toBe(kernel);
});
