// Asks a store, before it is trusted, whether a conditional write really has one winner.
import { randomBytes } from "node:crypto";
import { assert, EngineError } from "../errors.ts";
import type { ObjectStore } from "../ports/store.ts";
import { equalBytes, lastName } from "./store-names.ts";

/** A store that can remove what the probe wrote, and nothing else. */
export interface ScratchStore extends ObjectStore {
  removeScratch(uri: string): Promise<void>;
}

const scratchPrefix = "_millrace-probe-";
const contendersPerRound = 8;
const rounds = 3;

/** Names of objects that removeScratch agrees to remove. */
export function assertScratch(uri: string): void {
  assert(lastName(uri).startsWith(scratchPrefix), `${uri} is a scratch object`);
}

/**
 * Several writers at once create one object with different bytes. Throws STORE_UNSAFE unless
 * exactly one of them wins and its bytes are there: on such a store two leaders could both commit a
 * job.
 */
export async function probeConditionalPuts(store: ScratchStore, folderUri: string): Promise<void> {
  const folder = folderUri.endsWith("/") ? folderUri : `${folderUri}/`;
  for (let round = 0; round < rounds; round++) {
    const uri = `${folder}${scratchPrefix}${randomBytes(8).toString("hex")}`;
    try {
      await probeOnce(store, uri);
    } finally {
      await store.removeScratch(uri);
    }
  }
}

async function probeOnce(store: ScratchStore, uri: string): Promise<void> {
  const contenders = Array.from({ length: contendersPerRound }, () => randomBytes(32));
  const outcomes = await Promise.all(
    contenders.map((bytes) => store.putIfAbsent(uri, new Uint8Array(bytes))),
  );
  // Bytes are random, so "same" is a contender whose own first request won and whose answer was
  // lost.
  const winners = contenders.filter((_, i) => outcomes[i] !== "different");
  const kept = await store.read(uri, 0, 64);
  const [winner] = winners;
  if (winners.length === 1 && winner !== undefined && equalBytes(winner, kept)) return;
  throw new EngineError(
    "STORE_UNSAFE",
    `the object store of ${uri} told ${winners.length} of ${contendersPerRound} concurrent ` +
      "writers that they had created one object, instead of exactly 1: output cannot be " +
      "committed exactly once there. Use a store that honours 'If-None-Match: *' " +
      "(MinIO, Amazon S3) or a local file system",
  );
}

/** Probes each bucket once, at the first output to it; the local file system needs no probe. */
export function createStoreProbe(store: ScratchStore): (folderUri: string) => Promise<void> {
  const probed = new Map<string, Promise<void>>();
  return (folderUri) => {
    const bucket = /^s3:\/\/[^/]+\//.exec(folderUri)?.[0];
    if (bucket === undefined) return Promise.resolve();
    const known = probed.get(bucket);
    if (known !== undefined) return known;
    const probing = probeConditionalPuts(store, folderUri);
    probed.set(bucket, probing);
    // A store that could not be reached may be reached next time.
    probing.catch(() => probed.delete(bucket));
    return probing;
  };
}
