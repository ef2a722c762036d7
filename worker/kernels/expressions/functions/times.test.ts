// Parts of times in a column, many of which repeat, are those of each time by itself.

import fc from "fast-check";
import { expect, test } from "vitest";
import { call, column, evaluate, literal } from "../testing/expr.ts";

const years = 120_000;
const instants = fc.oneof(
  fc.date({ min: new Date("1890-01-01"), max: new Date("2110-01-01"), noInvalidDate: true }),
  // Beyond whole doubles of microseconds, and the beginning.
  fc.constantFrom(new Date(Date.UTC(years, 5, 1, 3)), new Date(-8e15), new Date(0), new Date(-1)),
);
const runs = fc.array(fc.tuple(fc.option(instants, { freq: 4 }), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 12,
});
const zones = [undefined, "Europe/Berlin", "America/New_York"];

test("parts of times that repeat", () => {
  fc.assert(
    fc.property(runs, fc.constantFrom(...zones), (times, zone) => {
      const values = times.flatMap(([time, count]) => new Array<Date | null>(count).fill(time));
      const rows = values.map((t) => ({ t }));
      for (const name of ["hour", "year", "dayOfYear", "second"]) {
        const of = (time: ReturnType<typeof column>) =>
          call(name, zone === undefined ? time : call("inZone", time, literal(zone)));
        const alone = values.map((value) =>
          value === null ? null : evaluate(of(column("t")), [{ t: value }])[0],
        );
        if (values.some((value) => value !== null)) {
          expect(evaluate(of(column("t")), rows)).toEqual(alone);
        }
      }
    }),
    { numRuns: 300 },
  );
});
