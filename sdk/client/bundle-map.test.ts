// Maps without the runtime's details say of all other places what they said before.

import {
  decodedMappings,
  encodedMappings,
  type SourceMapSegment,
  TraceMap,
} from "@jridgewell/trace-mapping";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutDetails } from "./bundle-map.ts";

const names = ["a.ts", "runtime", "lib/b.ts"];
const runtime = 1;

type Line = readonly SourceMapSegment[];

const mapOf = (mappings: string | SourceMapSegment[][]): TraceMap =>
  new TraceMap({ version: 3, sources: names, names: ["n"], mappings } as ConstructorParameters<
    typeof TraceMap
  >[0]);

const place = fc.tuple(fc.nat(2), fc.nat(3000), fc.nat(70_000));
const segment = fc.oneof(
  fc.constant([] as const),
  place,
  place.map((at) => [...at, 0] as const),
);
const line = fc
  .array(fc.tuple(fc.nat(2000), segment), { maxLength: 6 })
  .map((segments) =>
    segments
      .map(([column, rest]) => [column, ...rest] as unknown as SourceMapSegment)
      .sort((left, right) => left[0] - right[0]),
  );

/** As the map would be read into values first. */
function expected(lines: readonly Line[]): readonly Line[] {
  const isRuntime = (found: SourceMapSegment | undefined): boolean =>
    found !== undefined && found.length > 1 && found[1] === runtime;
  return lines.map((segments) =>
    segments
      .filter((found, index) => !(isRuntime(found) && isRuntime(segments[index - 1])))
      .map((found) => (isRuntime(found) ? [found[0], runtime, 0, 0] : found.slice(0, 4)))
      .map((found) => found as unknown as SourceMapSegment),
  );
}

test("only segments of the runtime behind one of its own are left out, and names", () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const before = encodedMappings(mapOf(lines.map((segments) => [...segments])));
      expect(decodedMappings(mapOf(withoutDetails(before, runtime)))).toEqual(expected(lines));
    }),
  );
});

test("of nothing there is nothing, and lines without segments stay", () => {
  expect(withoutDetails("", runtime)).toBe("");
  expect(withoutDetails(";;;", runtime)).toBe(";;;");
  expect(withoutDetails(";;AAAA;", 0)).toBe(";;AAAA;");
});
