// The public surface of Millrace: what applications and job modules import.

export type { JobView, LockView } from "../proto/wire/views.ts";
export type { Client } from "./client/client.ts";
export type { ClusterLock } from "./client/held-lock.ts";
export type { LockOptions } from "./client/lock-claim.ts";
export { type ConnectOptions, connect, type S3Options } from "./client/main.ts";
export * from "./surface.ts";
