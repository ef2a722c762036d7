// Known answers (RFC 3720, appendix B.4), and agreement with the bit-by-bit definition.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

function bitByBit(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return ~sum >>> 0;
}

describe("crc32c", () => {
  test.each([
    ["nothing", new Uint8Array(0), 0],
    ["the check string", new TextEncoder().encode("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["rising bytes", Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ["falling bytes", Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
  ])("knows the sum of %s", (_name, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });

  test("agrees with the definition at every length and alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(8), (bytes, skip) => {
        const view = bytes.subarray(Math.min(skip, bytes.length));
        expect(crc32c(view)).toBe(bitByBit(view));
      }),
    );
  });

  test("continues from the sum of the bytes before", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
        const whole = Uint8Array.from([...first, ...second]);
        expect(crc32c(second, crc32c(first))).toBe(crc32c(whole));
      }),
    );
  });
});
