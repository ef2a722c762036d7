// Each measured kernel answers as a plain loop does, on few rows and whatever the number of threads.

import { describe, expect, test } from "vitest";
import { kernelOf as callOfEachRow } from "./call-of-each-row.ts";
import { kernelOf as filterMultiplySum } from "./filter-multiply-sum.ts";
import { kernelOf as groupFewKeys } from "./group-few-keys.ts";
import { kernelOf as groupManyKeys } from "./group-many-keys.ts";
import { kernelOf as groupTexts } from "./group-texts.ts";
import { kernelOf as joinIntegers } from "./join-integers.ts";
import { kernelOf as joinSparseIntegers } from "./join-sparse-integers.ts";
import { kernelOf as joinSpreadIntegers } from "./join-spread-integers.ts";
import { kernelOf as scanCsv } from "./scan-csv.ts";
import { kernelOf as scanNdjson } from "./scan-ndjson.ts";
import { kernelOf as sortDoubles } from "./sort-doubles.ts";

const kernels = {
  callOfEachRow,
  filterMultiplySum,
  groupFewKeys,
  groupManyKeys,
  groupTexts,
  joinIntegers,
  joinSparseIntegers,
  joinSpreadIntegers,
  scanCsv,
  scanNdjson,
  sortDoubles,
};

describe.each(Object.entries(kernels))("%s", (_, kernelOf) => {
  test.each([1, 2, 3, 20])("with %d threads", async (threads) => {
    const kernel = kernelOf(5000);
    const shared = kernel.make(threads);
    const all = Array.from({ length: threads }, (_, thread) =>
      kernel.steps(shared, thread, threads),
    );
    for (const step of all[0]!.keys()) for (const steps of all) await steps[step]!();
    expect(kernel.answer(shared)).toBeCloseTo(kernel.plain(shared), 6);
  });
});
