// What memory that somebody gave back holds until it is taken again: whatever it held, or nonsense where whoever still
// reads it is to be found, as in tests and under the oracle.

const noSense = 0xa5;
let spoils = false;

/** What is given back is overwritten at once. */
export function spoilGivenBack(isWanted: boolean): void {
  spoils = isWanted;
}

/** Whether small arrays are used again too, as in tests, whose batches are small. */
export function isSpoiled(): boolean {
  return spoils;
}

/** To be called with all that is given back. */
export function notReadAgain(memory: ArrayBuffer | Uint8Array): void {
  if (!spoils) return;
  const bytes = memory instanceof Uint8Array ? memory : new Uint8Array(memory);
  bytes.fill(noSense);
}
