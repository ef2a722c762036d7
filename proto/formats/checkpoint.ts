// The head of a file of a checkpoint. Behind it follow sealed blocks of rows, as shuffles have them.

import { EngineError } from "../errors.ts";
import { checkpointHeadBytesMax } from "../limits/formats.ts";
import type { InputFile } from "../plan/bundle.ts";
import type { Schema } from "../plan/types.ts";
import type { ObjectStore } from "../ports/store.ts";

// Magic, which names the version too, and bytes of the text; the text, up to a multiple of eight, so that columns can
// be views of what follows.
const magic = 0x31504b43;
const beginningBytes = 8;

export interface CheckpointHead {
  /** Of all rows; undefined where only they tell. */
  readonly schema: Schema | undefined;
  /** Where the first block begins. */
  readonly bytes: number;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function checkpointHead(schema: Schema | undefined): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify({ schema }));
  if (text.length > checkpointHeadBytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `the columns of a checkpoint take ${text.length} bytes to name, and at most ${checkpointHeadBytesMax} are ` +
        "written; checkpoint fewer columns",
      { limitBytes: checkpointHeadBytesMax, peakBytes: text.length },
    );
  }
  const head = new Uint8Array(beginningBytes + padded(text.length));
  const view = new DataView(head.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, text.length, true);
  head.set(text, beginningBytes);
  return head;
}

/** Throws INPUT_MALFORMED for what no checkpoint of this version wrote. */
export async function readCheckpointHead(
  store: Pick<ObjectStore, "read">,
  { uri, sizeBytes }: InputFile,
): Promise<CheckpointHead> {
  const beginning = await store.read(uri, 0, Math.min(beginningBytes, sizeBytes));
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.length);
  const length = beginning.length < beginningBytes ? 0 : view.getUint32(4, true);
  const bytes = beginningBytes + padded(length);
  const isOne = length > 0 && view.getUint32(0, true) === magic;
  if (!isOne || length > checkpointHeadBytesMax || bytes > sizeBytes) throw noCheckpoint(uri);
  const text = new TextDecoder().decode(await store.read(uri, beginningBytes, length));
  try {
    const { schema } = JSON.parse(text) as { readonly schema?: Schema };
    return { schema, bytes };
  } catch (cause) {
    throw noCheckpoint(uri, cause);
  }
}

function noCheckpoint(uri: string, cause?: unknown): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `${uri} is no file of a checkpoint, or one of another version; read other files by their own formats`,
    { file: uri },
    cause,
  );
}
