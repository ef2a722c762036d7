// Loaded before a master: while a file with its id lies in the folder named by the environment, its disk is full.
import fs, { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const folder = process.env.MILLRACE_TEST_FULL_DISKS;
const at = process.argv.indexOf("--id");

function noSpace(what) {
  const error = new Error(`ENOSPC: no space left on device, ${what}`);
  return Object.assign(error, { code: "ENOSPC", errno: -28, syscall: what });
}

/** As the kernel does: what still fits is written, and the rest is refused. */
function fillUp(isFull) {
  const { writeSync } = fs;
  fs.writeSync = (fd, bytes, offset, length, position) => {
    if (!isFull()) return writeSync(fd, bytes, offset, length, position);
    if (length < 64) throw noSpace("write");
    return writeSync(fd, bytes, offset, Math.floor(length / 2), position);
  };
  syncBuiltinESMExports();
}

async function fillUpHandles(isFull) {
  const handle = await open(process.execPath, "r");
  const face = Object.getPrototypeOf(handle);
  await handle.close();
  for (const name of ["write", "writeFile", "truncate"]) {
    const real = face[name];
    face[name] = function (...args) {
      return isFull() ? Promise.reject(noSpace(name)) : real.apply(this, args);
    };
  }
}

if (folder !== undefined && at > 0) {
  const flag = join(folder, process.argv[at + 1]);
  const isFull = () => existsSync(flag);
  fillUp(isFull);
  await fillUpHandles(isFull);
}
