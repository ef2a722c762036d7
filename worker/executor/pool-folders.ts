// The folders an executor works in: compiled job modules, sealed map outputs, and rows beyond its memory.

import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "../../proto/errors.ts";
import { bundlesKeptMax } from "../../proto/limits.ts";
import { jobFolder } from "../shuffle/sealed-files.ts";
import { bundlePath, sha256Of } from "./bundle-file.ts";

export function shuffleFolderOf(workFolder: string): string {
  return join(workFolder, "shuffle");
}

export class PoolFolders {
  readonly bundleFolder: string;
  readonly shuffleFolder: string;
  readonly spillFolder: string;
  /** In order of their last use. */
  private readonly bundles = new Set<string>();

  constructor(workFolder: string) {
    this.bundleFolder = join(workFolder, "bundles");
    this.shuffleFolder = shuffleFolderOf(workFolder);
    this.spillFolder = join(workFolder, "spill");
  }

  /** Outputs of an earlier life are of no use: their worker is lost to the cluster. */
  async open(): Promise<void> {
    await rm(this.shuffleFolder, { recursive: true, force: true });
    await rm(this.spillFolder, { recursive: true, force: true });
    await mkdir(this.shuffleFolder, { recursive: true, mode: 0o700 });
    await mkdir(this.bundleFolder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(this.bundleFolder)).sort()) {
      const sha256 = /^([0-9a-f]{64})\.mjs$/.exec(name)?.[1];
      if (sha256 !== undefined) this.bundles.add(sha256);
    }
  }

  hasBundle(sha256: string): boolean {
    if (!this.bundles.delete(sha256)) return false;
    this.bundles.add(sha256);
    return true;
  }

  async addBundle(sha256: string, code: Uint8Array): Promise<void> {
    const path = bundlePath(this.bundleFolder, sha256);
    const found = sha256Of(code);
    if (found !== sha256) {
      const message = `a job module arrived with the hash ${found} instead of ${sha256}; it is not kept`;
      throw new EngineError("BUNDLE_HASH_MISMATCH", message);
    }
    await writeFile(`${path}.tmp`, code, { mode: 0o600 });
    await rename(`${path}.tmp`, path);
    this.bundles.delete(sha256);
    this.bundles.add(sha256);
    await this.dropBundles();
  }

  private async dropBundles(): Promise<void> {
    for (const oldest of this.bundles) {
      if (this.bundles.size <= bundlesKeptMax) return;
      this.bundles.delete(oldest);
      await rm(bundlePath(this.bundleFolder, oldest), { force: true });
    }
  }

  async removeJob(jobId: string): Promise<void> {
    const folder = join(this.shuffleFolder, jobFolder(jobId));
    await rm(folder, { recursive: true, force: true });
  }
}
