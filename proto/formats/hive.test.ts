// Folders of Hive partitions: whatever is written is read back, and typed by all values together.
import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldText } from "../plan/types.ts";
import { partitionFields, partitionFolder, partitionValue, partitionValues } from "./hive.ts";

test("every text comes back, in buckets and in files", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: "grapheme" }),
      fc.string({ minLength: 1 }),
      (name, value) => {
        const folder = partitionFolder(name, value);
        expect(folder).not.toMatch(/^[._]|\//);
        const expected = new Map([[name, value]]);
        expect(partitionValues(`s3://bucket/${folder}/part`)).toEqual(expected);
        const escaped = folder.replaceAll("%", "%25");
        expect(partitionValues(`file:///data/${escaped}/part`)).toEqual(expected);
      },
    ),
  );
});

test("null has a folder of its own", () => {
  expect(partitionFolder("day", null)).toBe("day=__HIVE_DEFAULT_PARTITION__");
  expect(partitionValues(`s3://b/${partitionFolder("day", null)}/p`)).toEqual(
    new Map([["day", null]]),
  );
});

test("types are those that all values have", () => {
  const uris = [
    "s3://b/year=2024/day=2024-01-31/city=Rome/id=1/n=12345678901234567890/part",
    "s3://b/year=2025/day=2024-02-29/city=7/id=__HIVE_DEFAULT_PARTITION__/n=9007199254740993/part",
  ];
  expect(partitionFields(uris).map(fieldText)).toEqual([
    "year: int53",
    "day: date",
    "city: utf8",
    "id: int53?",
    "n: utf8",
  ]);
  const [year, day] = partitionFields(uris);
  expect(partitionValue(year!, "2024")).toBe(2024);
  expect(partitionValue(day!, "2024-02-29")).toEqual(new Date("2024-02-29"));
  expect(() => partitionValue(year!, "x")).toThrow(/year=x/);
});
