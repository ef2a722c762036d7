// Each measured kernel answers as a plain loop does, on few rows and whatever the number of threads.

import { describe, expect, test } from "vitest";
import { kernelOf as joinIntegers } from "./join-integers.ts";
import { kernelOf as sortDoubles } from "./sort-doubles.ts";

const kernels = { joinIntegers, sortDoubles };

describe.each(Object.entries(kernels))("%s", (_, kernelOf) => {
  test.each([1, 2, 3])("with %d threads", (threads) => {
    const kernel = kernelOf(5000);
    const shared = kernel.make();
    const all = Array.from({ length: threads }, (_, thread) =>
      kernel.steps(shared, thread, threads),
    );
    for (const step of all[0]!.keys()) for (const steps of all) steps[step]!();
    expect(kernel.answer(shared)).toBeCloseTo(kernel.plain(shared), 6);
  });
});
