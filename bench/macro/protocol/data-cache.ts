// Generated files, made once: the name of a file says all that it depends on, seed included.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { keepAtEnd, removeAtEnd } from "../traces/traces.ts";

export interface DataCache {
  readonly folder: string;
  /**
   * Answers the path of a file or folder, after making it where it is missing. It appears whole or not at all.
   * @param name says everything that the content follows from
   * @param make writes to the path it is given
   */
  file(name: string, make: (path: string) => void | Promise<void>): Promise<string>;
}

/** Shared by all copies of the project on this machine. */
export function defaultCacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(base, "millrace", "bench");
}

export function openDataCache(folder: string, note: (text: string) => void): DataCache {
  mkdirSync(folder, { recursive: true });
  return {
    folder,
    file: async (name, make) => {
      const path = join(folder, name);
      if (existsSync(path)) return path;
      note(`making ${name}`);
      const partial = `${path}.${process.pid}.partial`;
      rmSync(partial, { recursive: true, force: true });
      removeAtEnd(partial);
      await make(partial);
      // Another run may have made it meanwhile: the same, and it may be reading there.
      if (existsSync(path)) rmSync(partial, { recursive: true, force: true });
      else renameSync(partial, path);
      keepAtEnd(partial);
      return path;
    },
  };
}
