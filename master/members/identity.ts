// Who a data folder belongs to, kept in it: cluster, master, and the founders it was started with.

import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId, type ClusterId, type MasterId } from "../../proto/ids.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import { founderKey } from "./founders.ts";
import { removedError } from "./removal.ts";

export interface Identity {
  readonly clusterId: ClusterId;
  readonly masterId: MasterId;
  /** Random. Another folder is another master. Empty for founders of the first versions. */
  readonly key: string;
  /** The first membership, which no entry of the log tells; empty for a folder that joined. */
  readonly founders: ReadonlyMap<MasterId, string>;
  readonly isRemoved: boolean;
  /** Where the masters are by the last membership that was committed, as far as this one heard. */
  readonly known: ReadonlyMap<MasterId, string>;
  /**
   * While a damaged log is being given up: the key that the folder will have (see healing.ts). Equal to
   * `key` once the cluster agreed, when what is left of the old log is still to be moved aside.
   */
  readonly nextKey: string | undefined;
  /** Once it was opened with a log: then there is one, or what this master promised is lost. */
  readonly hasLog: boolean;
}

const path = "identity.json";
const identityVersion = 1;

export async function writeIdentity(disk: Disk, identity: Identity): Promise<void> {
  const { founders, known, ...rest } = identity;
  const maps = { founders: [...founders], known: [...known] };
  const json = { version: identityVersion, ...rest, ...maps };
  await disk.writeAtomic(path, new TextEncoder().encode(`${JSON.stringify(json)}\n`));
}

export async function readIdentity(disk: Disk): Promise<Identity | undefined> {
  const bytes = await disk.read(path);
  return bytes === undefined ? undefined : decode(new TextDecoder().decode(bytes));
}

function decode(text: string): Identity {
  const found = parse(text);
  const version = found?.version;
  if (typeof version === "number" && version > identityVersion) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `${path} has format ${version}, and this version reads up to ${identityVersion}: start the ` +
        "version of millrace that wrote it, or a newer one",
      { file: path },
    );
  }
  // Since the first version three fields were added, which earlier ones left out and do not miss.
  const { clusterId, masterId, key, founders, isRemoved, known = founders, nextKey } = found ?? {};
  const hasLog = found?.hasLog ?? false;
  const isWhole =
    version === identityVersion &&
    [clusterId, masterId, key].every((item) => typeof item === "string") &&
    [isRemoved, hasLog].every((item) => typeof item === "boolean") &&
    ["string", "undefined"].includes(typeof nextKey) &&
    [founders, known].every((places) => Array.isArray(places) && places.every(isPlace));
  if (!isWhole) {
    throw new EngineError(
      "LOG_CORRUPT",
      `${path} is damaged: it does not say whose data folder this is. Move the folder away, remove ` +
        "this master from its cluster, and add it again with an empty one",
      { file: path },
    );
  }
  return {
    clusterId: asClusterId(clusterId as string),
    masterId: asMasterId(masterId as string),
    key: key as string,
    founders: new Map(founders as [MasterId, string][]),
    isRemoved: isRemoved as boolean,
    known: new Map(known as [MasterId, string][]),
    nextKey: nextKey as string | undefined,
    hasLog: hasLog as boolean,
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isPlace(item: unknown): boolean {
  return Array.isArray(item) && item.length === 2 && item.every((one) => typeof one === "string");
}

/** How a master with an empty data folder begins. */
export type Beginning =
  | { readonly kind: "found"; founders(): ReadonlyMap<MasterId, string>; newKey(): string }
  | { readonly kind: "join"; clusterId(): Promise<ClusterId>; newKey(): string };

/**
 * Whose folder this is. What it says holds, whatever the command line says of other masters: they
 * may have been replaced since. An empty folder is given to the master that begins with it.
 */
export async function openIdentity(
  disk: Disk,
  masterId: MasterId,
  beginning: Beginning,
  sha256Hex: (bytes: Uint8Array) => string,
): Promise<Identity> {
  const known = await readIdentity(disk);
  if (known === undefined) {
    const identity = await begin(masterId, beginning, sha256Hex);
    await writeIdentity(disk, identity);
    return identity;
  }
  if (known.masterId !== masterId) {
    throw new EngineError(
      "USAGE",
      `this data folder belongs to master ${known.masterId} of cluster ${known.clusterId}, not to ` +
        `${masterId}: give each master a folder of its own`,
    );
  }
  if (known.isRemoved) throw removedError(masterId);
  return known;
}

const untroubled = { isRemoved: false, nextKey: undefined, hasLog: false } as const;

async function begin(
  masterId: MasterId,
  beginning: Beginning,
  sha256Hex: (bytes: Uint8Array) => string,
): Promise<Identity> {
  if (beginning.kind === "join") {
    const clusterId = await beginning.clusterId();
    const key = beginning.newKey();
    const known = new Map<MasterId, string>();
    return { ...untroubled, clusterId, masterId, key, founders: new Map(), known };
  }
  const founders = beginning.founders();
  const clusterId = clusterIdOf(founders, sha256Hex);
  const key = founderKey(beginning.newKey());
  return { ...untroubled, clusterId, masterId, key, founders, known: founders };
}

/** Founders that were told the same of each other form one cluster, and no other can by mistake. */
function clusterIdOf(
  founders: ReadonlyMap<MasterId, string>,
  sha256Hex: (bytes: Uint8Array) => string,
): ClusterId {
  const sorted = [...founders].sort(([one], [other]) => (one < other ? -1 : 1));
  const text = sorted.map(([id, address]) => `${id}=${address}`).join(",");
  return asClusterId(`cluster-${sha256Hex(new TextEncoder().encode(text)).slice(0, 16)}`);
}
