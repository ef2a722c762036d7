// Where sealed map outputs lie: one local file per attempt of a map task, named by what the log knows of it.

import { EngineError } from "../../proto/errors.ts";
import type { KeptIndexes } from "./kept-indexes.ts";

/** Memory for so many bytes, which may hold anything before. */
export type RoomFor = (bytes: number) => Uint8Array;

/** Paths are relative to the worker's folder, with '/'. */
export interface SealedFiles {
  /** Shows the file only once it is whole. Pieces may be made as they are asked for. */
  write(path: string, pieces: Iterable<Uint8Array>): Promise<void>;
  /** Undefined when there is no such file; fewer bytes at its end. `room`: where they may be put. */
  read(
    path: string,
    offsetBytes: number,
    lengthBytes: number,
    room?: RoomFor,
  ): Promise<Uint8Array | undefined>;
  sizeBytes(path: string): Promise<number | undefined>;
  /** Of files that were read, where keeping them pays. */
  readonly indexes?: KeptIndexes;
}

export interface SealedName {
  readonly jobId: string;
  readonly actionIndex: number;
  readonly stageId: number;
  readonly taskIndex: number;
  readonly token: number;
}

/** Ids come from peers: nothing that could leave the folder gets through. */
export function jobFolder(jobId: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(jobId)) return jobId;
  throw new EngineError(
    "MESSAGE_INVALID",
    `the job id ${JSON.stringify(jobId.slice(0, 128))} cannot name a folder; use letters, digits, '-', '_', '.'`,
  );
}

export function sealedPath(name: SealedName): string {
  const { jobId, actionIndex, stageId, taskIndex, token } = name;
  for (const part of [actionIndex, stageId, taskIndex, token]) {
    if (Number.isSafeInteger(part) && part >= 0) continue;
    throw new EngineError("MESSAGE_INVALID", `${part} is no part of the name of a block`);
  }
  return `${jobFolder(jobId)}/a${actionIndex}-s${stageId}-t${taskIndex}-${token}.shuffle`;
}
