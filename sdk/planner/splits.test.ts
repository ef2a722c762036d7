// Splits hold every byte once, in order, and keep to their target.

import fc from "fast-check";
import { expect, test } from "vitest";
import { filesPerSplitMax, listedFilesPerSplitMax, plannedSplitsMax } from "../../proto/limits.ts";
import { planSplits } from "./splits.ts";

const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(5000)), { maxLength: 40 });

test("every byte of every file is in exactly one range, in file order", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 700 }),
      fc.boolean(),
      fc.boolean(),
      (fileSizes, bytesTarget, divisible, zipped) => {
        const files = fileSizes.map((sizeBytes, index) => ({
          uri: `file:///${index}.txt${zipped && index % 3 === 0 ? ".gz" : ""}`,
          sizeBytes,
        }));
        const splits = planSplits(files, { bytesTarget, divisible });
        const ranges = splits.flatMap((split) => split.ranges);
        for (const [index, file] of files.entries()) {
          const own = ranges.filter((range) => range.uri === file.uri);
          let at = 0;
          for (const range of own) {
            expect(range.startByte).toBe(at);
            expect(range.fileBytes).toBe(file.sizeBytes);
            at = range.endByte;
          }
          expect(own.length).toBeGreaterThan(0);
          expect(at).toBe(file.sizeBytes);
          const whole = !divisible || file.uri.endsWith(".gz");
          if (whole) expect(own.length).toBe(1);
          expect(own[0]?.compression).toBe(zipped && index % 3 === 0 ? "gzip" : "none");
        }
        const order = ranges.map((range) => files.findIndex((file) => file.uri === range.uri));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      },
    ),
  );
});

test("a task gets more than the target only from one file that cannot be cut", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 700 }), (fileSizes, bytesTarget) => {
      const files = fileSizes.map((sizeBytes, index) => ({ uri: `file:///${index}`, sizeBytes }));
      for (const split of planSplits(files, { bytesTarget, divisible: true })) {
        const bytes = split.ranges.reduce((sum, range) => sum + range.endByte - range.startByte, 0);
        expect(bytes).toBeLessThanOrEqual(bytesTarget);
      }
    }),
  );
});

test("a huge input makes larger splits, not more than can be carried", () => {
  const files = Array.from({ length: 100 }, (_, index) => ({
    uri: `s3://b/${index}`,
    sizeBytes: 2 ** 45 + index,
  }));
  const splits = planSplits(files, { bytesTarget: 16 * 1024 * 1024, divisible: true });
  expect(splits.length).toBeLessThanOrEqual(plannedSplitsMax);
  expect(splits.length).toBeGreaterThan(plannedSplitsMax / 4);
});

test("very many empty files still fill several tasks", () => {
  const files = Array.from({ length: filesPerSplitMax + 1 }, (_, index) => ({
    uri: `s3://b/${index}`,
    sizeBytes: 0,
  }));
  expect(planSplits(files, { bytesTarget: 10, divisible: true }).length).toBe(2);
});

test("of very many files only borders are named, in the order of the files", () => {
  const files = Array.from({ length: 3 * listedFilesPerSplitMax }, (_, index) => ({
    uri: `s3://b/${index}`,
    sizeBytes: index === 5 ? 1000 : 1,
  }));
  const pattern = "s3://b/";
  const splits = planSplits(files, { bytesTarget: 100_000, divisible: true, pattern });
  expect(splits.every(({ ranges }) => ranges.length === 0)).toBe(true);
  let at = 0;
  for (const { listed } of splits) {
    expect(listed).toMatchObject({ pattern, first: files[at]?.uri });
    const own = files.slice(at, at + listed!.files);
    expect(listed).toMatchObject({ last: own.at(-1)?.uri });
    expect(listed?.bytes).toBe(own.reduce((sum, file) => sum + file.sizeBytes, 0));
    at += own.length;
  }
  expect(at).toBe(files.length);
  expect(JSON.stringify(splits).length).toBeLessThan(2000);
});
