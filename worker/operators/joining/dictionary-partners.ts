// Partners of rows whose key is a text of a dictionary: found for each text once, and then by the codes of rows alone.

import { type Column, isValid, type TextColumn } from "../../../proto/batch/column.ts";
import { PartnerTable } from "../../kernels/columns/partner-loops.ts";

export class DictionaryPartners {
  private readonly partnersOf: (texts: TextColumn) => Int32Array;
  /** Batches of one row group have one dictionary. */
  private dictionary: TextColumn | undefined;
  private table: PartnerTable | undefined;

  /** `partnersOf`: of texts, -1 for those that have none. */
  constructor(partnersOf: (texts: TextColumn) => Int32Array) {
    this.partnersOf = partnersOf;
  }

  get bytes(): number {
    return this.table?.bytes ?? 0;
  }

  /**
   * The partner of each row, in `into`; answers how many rows have one. Undefined for keys of other kinds, and where
   * the dictionary has more texts than there are rows.
   */
  find([key, ...others]: readonly Column[], into: Int32Array): number | undefined {
    if (key?.type !== "dictionary" || others.length > 0) return undefined;
    const { dictionary, codes } = key;
    if (dictionary !== this.dictionary) {
      if (dictionary.length > into.length) return undefined;
      this.close();
      this.table = new PartnerTable(this.partnersOf(dictionary), 0);
      this.dictionary = dictionary;
    }
    const found = this.table!.find(codes, into);
    return key.validity === undefined ? found : withoutNulls(key, into);
  }

  close(): void {
    this.table?.close();
    this.table = undefined;
    this.dictionary = undefined;
  }
}

/** Answers how many rows have a partner still. */
function withoutNulls(key: Column, partners: Int32Array): number {
  let found = 0;
  for (let row = 0; row < partners.length; row++) {
    if (!isValid(key, row)) partners[row] = -1;
    if (partners[row]! >= 0) found++;
  }
  return found;
}
