// Any place of any byte that is not zero is seen, whatever the alignment.

import { expect, test } from "vitest";
import { isZeroFrom } from "./zeros.ts";

test("agrees with looking at each byte", () => {
  for (let offset = 0; offset < 5; offset++) {
    for (let length = 0; length < 14; length++) {
      const bytes = new Uint8Array(32).subarray(offset, offset + length);
      for (let from = 0; from <= length; from++) expect(isZeroFrom(bytes, from)).toBe(true);
      for (let at = 0; at < length; at++) {
        bytes[at] = 128;
        for (let from = 0; from <= length; from++) expect(isZeroFrom(bytes, from)).toBe(from > at);
        bytes[at] = 0;
      }
    }
  }
});
