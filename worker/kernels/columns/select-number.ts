// The number of a rank without a sort of all: Hoare's selection ("Algorithm 65: find", 1961), with a bound on its rounds.

/** Up to so many numbers are sorted by insertion. */
const insertionMax = 16;

function swap(values: Float64Array, a: number, b: number): void {
  const value = values[a]!;
  values[a] = values[b]!;
  values[b] = value;
}

/** The first, middle and last number in order, so that the middle one lies between others. */
function orderThree(values: Float64Array, first: number, middle: number, last: number): void {
  if (values[middle]! < values[first]!) swap(values, first, middle);
  if (values[last]! < values[first]!) swap(values, first, last);
  if (values[last]! < values[middle]!) swap(values, middle, last);
}

function insertionSort(values: Float64Array, first: number, last: number): void {
  for (let i = first + 1; i <= last; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > first && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}

/**
 * Puts the number of a place among `values` from `start` to `end` (excluded) there, and answers it: none before it is
 * greater, none behind it is less. There must be no NaN among them.
 */
export function selectNumber(
  values: Float64Array,
  start: number,
  end: number,
  place: number,
): number {
  let first = start;
  let last = end - 1;
  // Each round leaves about half; numbers that are laid out against it are sorted.
  let rounds = 2 * (32 - Math.clz32(end - start));
  while (last - first >= insertionMax) {
    if (rounds-- === 0) {
      values.subarray(first, last + 1).sort();
      return values[place]!;
    }
    const middle = (first + last) >>> 1;
    orderThree(values, first, middle, last);
    const pivot = values[middle]!;
    let i = first;
    let j = last;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i <= j) swap(values, i++, j--);
    }
    if (place <= j) last = j;
    else if (place >= i) first = i;
    else return pivot;
  }
  insertionSort(values, first, last);
  return values[place]!;
}
