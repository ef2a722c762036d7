// Names of objects: owners, skipped names, byte order.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  assertNamesOwner,
  compareUriBytes,
  isSkipped,
  splitBucketUri,
  splitObjectUri,
  uploadOwner,
} from "./store-names.ts";

test("an upload's name tells its owner exactly, even when ids resemble each other", () => {
  expect(uploadOwner("part-00007-job1-42.parquet")).toBe("job1");
  expect(uploadOwner("part-00007-a-b-42.parquet")).toBe("a-b");
  expect(uploadOwner("part-00007-1-x-42.c000.parquet")).toBe("1-x");
  expect(uploadOwner("data.csv")).toBeUndefined();
  expect(() => assertNamesOwner("s3://bkt/out/part-1-a-b-42.txt", "a")).toThrow(/is named/);
  expect(() => assertNamesOwner("s3://bkt/out/part-1-a/b-42.txt", "a/b")).toThrow(/plain word/);
  assertNamesOwner("s3://bkt/out/part-1-a-b-42.txt", "a-b");
});

test("URIs split into bucket and key, and bad ones are refused by name", () => {
  expect(splitBucketUri("s3://bucket", "s3")).toEqual({ bucket: "bucket", key: "" });
  expect(splitObjectUri("s3://bucket/a/b%20c", "s3")).toEqual({ bucket: "bucket", key: "a/b%20c" });
  for (const bad of ["s3://", "s3://B/x", "s3://b*d/x", "s4://bucket/x"]) {
    expect(() => splitBucketUri(bad, "s3")).toThrow(expect.objectContaining({ code: "USAGE" }));
  }
  expect(() => splitObjectUri("s3://bucket/folder/", "s3")).toThrow(/names no object/);
});

test("names that begin with '_' or '.' are skipped below the prefix only", () => {
  expect(isSkipped("_in/a.txt", "_in/")).toBe(false);
  expect(isSkipped("in/_SUCCESS", "in/")).toBe(true);
  expect(isSkipped("in/_temporary/a.txt", "in/")).toBe(true);
  expect(isSkipped("in/.a.txt", "in/")).toBe(true);
  expect(isSkipped("in/a_.txt", "in/a")).toBe(false);
  expect(isSkipped("in/folder/", "in/")).toBe(true);
});

test("the order is that of the UTF-8 bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareUriBytes(a, b))).toBe(expected);
    }),
  );
  expect(Math.sign(compareUriBytes("\u{1f600}", "\u{ffee}"))).toBe(1);
});
