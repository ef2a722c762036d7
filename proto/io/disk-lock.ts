// Exclusive use of a data folder, on platforms without a portable file lock.
//
// The lock is the file `.lock.<n>` with the highest n; it is created with its content in one step
// (link), so only one process can create each n. Whoever finds the highest one stale tries n + 1,
// then looks again: it owns the folder only if n + 1 is still the highest. That file is never
// removed, only marked as released, so numbers never fall and a late rival always sees a winner.

import { randomBytes } from "node:crypto";
import { link, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { diskLockAttemptsMax } from "../limits/disk.ts";
import { errnoOf, isAbsent, onDisk } from "./disk-errors.ts";
import { holderIsHere, type LockHolder, parseHolder, thisProcess } from "./disk-lock-holder.ts";

export interface FolderLock {
  release(): Promise<void>;
}

/** Platforms hold 104 to 108 bytes, and cut a longer path off in silence. */
const socketPathBytesMax = 100;

const lockName = /^\.lock\.(\d{1,15})$/;

async function highestLock(folder: string): Promise<number> {
  let highest = 0;
  for (const name of await readdir(folder)) {
    const match = lockName.exec(name);
    if (match !== null) highest = Math.max(highest, Number(match[1]));
  }
  return highest;
}

function lockPath(folder: string, n: number): string {
  return join(folder, `.lock.${n}`);
}

/** The kernel answers for a living listener, even a stopped or busy one, and for no dead one. */
function listenerLives(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const errno = errnoOf(error);
      resolve(errno !== "ECONNREFUSED" && errno !== "ENOENT");
    });
  });
}

/** A listener that tells other containers, which cannot see our process id, that we live. */
function openListener(path: string): Promise<Server | undefined> {
  if (Buffer.byteLength(path) > socketPathBytesMax) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    // Some mounted folders hold no sockets, and long paths do not fit: then the process id decides.
    server.once("error", () => resolve(undefined));
    server.listen(path, () => resolve(server));
  });
}

async function readHolder(path: string): Promise<LockHolder | "released" | "absent"> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if (isAbsent(thrown)) return "absent";
    throw thrown;
  }
  return text === "" ? "released" : parseHolder(text, path);
}

async function isHeld(folder: string, holder: LockHolder): Promise<boolean> {
  const here = await holderIsHere(holder);
  if (here !== "unknown") return here === "alive";
  if (holder.socket === undefined) return true;
  return listenerLives(join(folder, holder.socket));
}

function lockedError(folder: string, n: number, holder: LockHolder): EngineError {
  return new EngineError(
    "DATA_FOLDER_LOCKED",
    `data folder ${folder} is in use by process ${holder.pid} on ${holder.host} since ` +
      `${holder.since}; stop it or choose another folder (if no such process exists, ` +
      `remove ${lockPath(folder, n)})`,
  );
}

/** Creates `.lock.<n>` with its content; false when someone else did. */
async function createLockFile(folder: string, n: number, holder: LockHolder): Promise<boolean> {
  const temporary = join(folder, `.lock-${randomBytes(8).toString("hex")}.tmp`);
  await writeFile(temporary, JSON.stringify(holder), { mode: 0o600, flag: "wx" });
  try {
    await link(temporary, lockPath(folder, n));
    return true;
  } catch (thrown) {
    // ENOENT: another process won meanwhile and tidied our temporary file away.
    if (errnoOf(thrown) === "EEXIST" || isAbsent(thrown)) return false;
    throw thrown;
  } finally {
    await removeIfPresent(temporary);
  }
}

async function removeOlderLocks(folder: string, own: number, socket: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const match = lockName.exec(name);
    const isOlderLock = match !== null && Number(match[1]) < own;
    const isOtherSocket = /^\.lock-[0-9a-f]+\.sock$/.test(name) && name !== socket;
    const path = join(folder, name);
    // A living socket belongs to a rival that may still become the next holder.
    if (isOlderLock || (isOtherSocket && !(await listenerLives(path)))) await removeIfPresent(path);
  }
}

export async function removeIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (!isAbsent(thrown)) throw thrown;
  }
}

async function tryLock(folder: string, holder: LockHolder): Promise<number | undefined> {
  const highest = await highestLock(folder);
  if (highest > 0) {
    const current = await readHolder(lockPath(folder, highest));
    if (current === "absent") return undefined;
    if (current !== "released" && (await isHeld(folder, current))) {
      throw lockedError(folder, highest, current);
    }
  }
  const own = highest + 1;
  if (!(await createLockFile(folder, own, holder))) return undefined;
  if ((await highestLock(folder)) === own) return own;
  await removeIfPresent(lockPath(folder, own));
  return undefined;
}

/** Rejects with DATA_FOLDER_LOCKED while a living process holds the folder. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const socket = `.lock-${randomBytes(8).toString("hex")}.sock`;
  const listener = await openListener(join(folder, socket));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
  const holder: LockHolder = {
    ...(await thisProcess()),
    host: hostname(),
    since: new Date().toISOString(),
    ...(listener === undefined ? {} : { socket }),
  };
  try {
    const own = await onDisk(`locking ${folder}`, () => lockWithin(folder, holder));
    await onDisk(`removing old locks of ${folder}`, () => removeOlderLocks(folder, own, socket));
    return {
      release: async () => {
        await close();
        await onDisk(`releasing ${folder}`, () => writeFile(lockPath(folder, own), ""));
      },
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function lockWithin(folder: string, holder: LockHolder): Promise<number> {
  for (let attempt = 0; attempt < diskLockAttemptsMax; attempt++) {
    const own = await tryLock(folder, holder);
    if (own !== undefined) return own;
  }
  throw new EngineError(
    "DATA_FOLDER_LOCKED",
    `data folder ${folder} is being taken by other processes (${diskLockAttemptsMax} attempts); ` +
      `start one process per folder`,
  );
}
