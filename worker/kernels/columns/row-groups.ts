// The group of each row of a batch: a number, or a code of a dictionary whose texts have numbers. Loops that add rows up read
// codes as pages hold them; an array of the numbers of rows is written only for what asks for it.

export interface CodedGroups {
  /** Of each row where there are no codes, else of each code that rows use. */
  readonly numbers: Int32Array;
  readonly codes: Int32Array | undefined;
}

export function numbersOfRows({ numbers, codes }: CodedGroups, rows: number): Int32Array {
  if (codes === undefined) return numbers;
  const out = new Int32Array(rows);
  for (let i = 0; i < rows; i++) out[i] = numbers[codes[i]!]!;
  return out;
}

export class RowGroups implements CodedGroups {
  readonly numbers: Int32Array;
  readonly codes: Int32Array | undefined;
  readonly rows: number;
  private written: Int32Array | undefined;

  constructor({ numbers, codes }: CodedGroups, rows: number) {
    this.numbers = numbers;
    this.codes = codes;
    this.rows = rows;
  }

  /** Written once. */
  get ofRows(): Int32Array {
    this.written ??= numbersOfRows(this, this.rows);
    return this.written;
  }
}
