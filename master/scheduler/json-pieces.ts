// JSON of something large, as pieces of text that can be made one by one.

import { snapshotPieceItems } from "../../proto/limits/raft.ts";

/** Makes its text when called. */
export type JsonPiece = () => string;

export interface JsonPieces {
  text(text: string): void;
  /** Made later: nothing in it may change in place. */
  value(value: object): void;
  /** An array whose items do not change in place; the array itself may. */
  list(items: readonly object[], itemsPerPiece?: number): void;
  /** An array whose items are put one by one. */
  each<Item>(items: readonly Item[], put: (item: Item) => void): void;
  /** An object up to the value of its last key; `fields` are made into text at once. */
  begin(fields: object, lastKey: string): void;
  pieces(): readonly JsonPiece[];
}

export function jsonPieces(): JsonPieces {
  const pieces: JsonPiece[] = [];
  let gathered: string[] = [];

  function flush(): void {
    if (gathered.length === 0) return;
    const text = gathered.join("");
    gathered = [];
    pieces.push(() => text);
  }

  function later(piece: JsonPiece): void {
    flush();
    pieces.push(piece);
  }

  function text(part: string): void {
    gathered.push(part);
  }

  return {
    text,
    value: (value) => later(() => JSON.stringify(value)),
    list: (items, itemsPerPiece = snapshotPieceItems) => {
      text("[");
      for (let start = 0; start < items.length; start += itemsPerPiece) {
        if (start > 0) text(",");
        const some = items.slice(start, start + itemsPerPiece);
        later(() => JSON.stringify(some).slice(1, -1));
      }
      text("]");
    },
    each: (items, put) => {
      text("[");
      for (const [position, item] of items.entries()) {
        if (position > 0) text(",");
        put(item);
      }
      text("]");
    },
    begin: (fields, lastKey) => {
      text(`${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(lastKey)}:`);
    },
    pieces: () => {
      flush();
      return pieces;
    },
  };
}
