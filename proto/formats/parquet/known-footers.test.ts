// A footer is decoded once as long as its bytes are the same, and few are kept.
import { expect, test } from "vitest";
import { KnownFooters } from "./known-footers.ts";

const ofBytes = (length: number, first: number) => new Uint8Array(length).fill(7).fill(first, 0, 1);

test("a footer is decoded again when its bytes changed, or others took its place", () => {
  const footers = new KnownFooters<string>(100);
  const decoded: string[] = [];
  const ask = (uri: string, bytes: Uint8Array) =>
    footers.of(uri, bytes, () => {
      const footer = `${uri} ${bytes.length} ${bytes[0]}`;
      decoded.push(footer);
      return footer;
    });
  expect(ask("a", ofBytes(40, 1))).toBe("a 40 1");
  expect(ask("a", ofBytes(40, 1))).toBe("a 40 1");
  expect(ask("b", ofBytes(40, 2))).toBe("b 40 2");
  expect(decoded.splice(0)).toEqual(["a 40 1", "b 40 2"]);

  expect(ask("a", ofBytes(40, 3))).toBe("a 40 3");
  expect(ask("a", ofBytes(39, 3))).toBe("a 39 3");
  expect(decoded.splice(0)).toEqual(["a 40 3", "a 39 3"]);

  // "b" was asked for longest ago.
  expect(ask("c", ofBytes(40, 4))).toBe("c 40 4");
  expect(ask("a", ofBytes(39, 3))).toBe("a 39 3");
  expect(decoded.splice(0)).toEqual(["c 40 4"]);
  expect(ask("b", ofBytes(40, 2))).toBe("b 40 2");
  expect(decoded.splice(0)).toEqual(["b 40 2"]);

  // Larger than all that is kept.
  expect(ask("d", ofBytes(101, 5))).toBe("d 101 5");
  expect(ask("d", ofBytes(101, 5))).toBe("d 101 5");
  expect(decoded.splice(0)).toEqual(["d 101 5", "d 101 5"]);
});
