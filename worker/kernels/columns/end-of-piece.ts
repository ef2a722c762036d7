// Rows of different lengths in pieces that a kernel takes at a time.

export interface PieceLimits {
  readonly rowsMax: number;
  /** Of what `starts` counts: bytes, or words. */
  readonly lengthMax: number;
}

/** The row behind the last one from `row` on that fits a piece; `row` itself where not even that one does. */
export function endOfPiece(
  starts: Int32Array,
  row: number,
  rows: number,
  { rowsMax, lengthMax }: PieceLimits,
): number {
  let end = Math.min(row + rowsMax, rows);
  const limit = starts[row]! + lengthMax;
  if (starts[end]! <= limit) return end;
  let low = row;
  while (end - low > 1) {
    const middle = (low + end) >> 1;
    if (starts[middle]! <= limit) low = middle;
    else end = middle;
  }
  return low;
}
