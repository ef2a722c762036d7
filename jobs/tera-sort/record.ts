// The records of the sort benchmark (gensort): lines of 100 bytes that begin with a random key of 10.

/** Bytes of a record, with the line feed that ends it. */
export const recordBytes = 100;
export const keyBytes = 10;

const firstPrintable = 0x20;
const printables = 95;
const filler = "SYNTHETIC-RECORD-OF-MILLRACE-TERA-SORT-NO-REAL-DATA";

/**
 * The line of a record without its end: a key of printable ASCII, the record's number in hexadecimal, and a
 * filler that says what it is. Equal for equal numbers and seeds, so that any task can make any record.
 */
export function recordOf(number: number, seed: number): string {
  const random = randomWords(number, seed);
  let key = "";
  for (let at = 0; at < keyBytes; at++) {
    key += String.fromCharCode(firstPrintable + (random() % printables));
  }
  const hex = number.toString(16).toUpperCase().padStart(32, "0");
  return `${key}  ${hex}  ${filler}`.padEnd(recordBytes - 1, "-");
}

export function keyOf(record: string): string {
  return record.slice(0, keyBytes);
}

/** Words of 32 bits: a Weyl sequence, started by number and seed and mixed as in MurmurHash3. */
function randomWords(number: number, seed: number): () => number {
  const high = Math.floor(number / 2 ** 32);
  let state = mixed((number | 0) ^ mixed(high ^ mixed(seed | 0)));
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return mixed(state) >>> 0;
  };
}

function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A number of 32 bits that two different records seldom share (FNV-1a, mixed). */
export function checksumOf(record: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < record.length; at++) {
    hash = Math.imul(hash ^ record.charCodeAt(at), 0x01000193);
  }
  return mixed(hash) >>> 0;
}
