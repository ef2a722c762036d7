// One MinIO server per test file.

import { type ServerForTests, serverForTests } from "../tooling/server-for-tests.ts";
import { findMinio, type Minio, minioAdvice, startMinio } from "./server.ts";

/** Call at the top level of a test file. MILLRACE_REQUIRE_MINIO=1 turns absence into failure. */
export async function minioForTests(): Promise<ServerForTests<Minio>> {
  return serverForTests({
    name: "minio",
    requiredBy: "MILLRACE_REQUIRE_MINIO",
    isThere: (await findMinio()) !== undefined,
    advice: minioAdvice,
    start: startMinio,
  });
}
