// The MinIO runner: starts beside others, keeps its folder, and ends with the process that started
// it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { minioForTests } from "./for-tests.ts";
import { startMinio } from "./server.ts";

const minio = await minioForTests();
const root = mkdtempSync(`${tmpdir()}/millrace-minio-test-`);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

async function isLive(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/minio/health/live`).then(
    (response) => response.ok,
    () => false,
  );
}

describe.skipIf(minio.absent)(`MinIO runner${minio.note}`, () => {
  test("two servers run side by side, and stop", async () => {
    const servers = await Promise.all(
      ["a", "b"].map((name) => startMinio({ folder: `${root}/${name}` })),
    );
    const [a, b] = servers;
    expect(a?.endpoint).not.toBe(b?.endpoint);
    expect(a?.secretKey).not.toBe(b?.secretKey);
    for (const server of servers) {
      expect(await isLive(server.endpoint)).toBe(true);
      await server.makeBucket("same-bucket");
      await server.makeBucket("same-bucket");
    }
    for (const server of servers) {
      await server.stop();
      await server.stop();
      expect(await isLive(server.endpoint)).toBe(false);
    }
  });

  test("a server ends even when its owner is killed", async () => {
    const contents = `
      import { startMinio } from "./server.ts";
      const server = await startMinio({ folder: ${JSON.stringify(`${root}/killed`)} });
      console.log(server.endpoint);
      setInterval(() => undefined, 1000);`;
    const built = await build({
      stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      packages: "external",
    });
    const script = built.outputFiles[0]?.text ?? "";
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const endpoint = await new Promise<string>((resolve, reject) => {
      owner.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
      owner.once("exit", (code) => reject(new Error(`the owner ended with ${code}`)));
    });
    expect(await isLive(endpoint)).toBe(true);
    owner.kill("SIGKILL");
    await expect.poll(() => isLive(endpoint), { timeout: 8000 }).toBe(false);
  });
});
