import { test } from "vitest";
import { walkFrom } from "./testing/walk.ts";

test("many", () => {
  const counts = new Map<string, number>();
  const t = Date.now();
  let n = 0;
  for (let seed = 0; Date.now() - t < 60000; seed++) {
    n++;
    try {
      for (const [k, c] of walkFrom(seed, 100 + (seed % 400)))
        counts.set(k, (counts.get(k) ?? 0) + c);
    } catch (e) {
      console.log("seed", seed, (e as Error).stack);
      break;
    }
  }
  console.log(
    n,
    [...counts]
      .sort()
      .map(([k, c]) => `${k}: ${c}`)
      .join("\n"),
  );
}, 100000);
