// Numbers of 64 bits as two halves of 32: a BigInt per row would cost an allocation each.

export const twoTo32 = 4_294_967_296;
/** Whole numbers beyond it, either way, are not all exact as a float64. */
export const twoTo53 = 9_007_199_254_740_992;
export const twoTo63 = 2 ** 63;

type Words = BigInt64Array | Float64Array;

/** Halves as signed numbers, the lower first. */
export function halvesOf(values: Words): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** Halves as unsigned numbers, the lower first. */
export function unsignedHalvesOf(values: Words): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** The float64 nearest to a whole number of two halves; exact up to 2^53. */
export function numberOfHalves(low: number, high: number): number {
  return high * twoTo32 + (low >>> 0);
}

/** Whole numbers that are exact as float64 to 64 bits each. */
export function wholeNumbers(numbers: Float64Array): BigInt64Array {
  const out = new BigInt64Array(numbers.length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    const high = Math.floor(value / twoTo32);
    halves[2 * i] = value - high * twoTo32;
    halves[2 * i + 1] = high;
  }
  return out;
}
