// Every RPC method with its message types: one place that pairs paths with codecs.

import type { RpcMethod } from "../ports/rpc.ts";
import * as wire from "./generated/engine.ts";
import { type GeneratedCodec, reusingWriter } from "./reused-writer.ts";

function method<Request, Response>(
  path: string,
  request: GeneratedCodec<Request>,
  response: GeneratedCodec<Response>,
): RpcMethod<Request, Response> {
  return {
    path: `/millrace.${path}`,
    request: reusingWriter(request),
    response: reusingWriter(response),
  };
}

export const clientApi = {
  putBundle: method("ClientApi/PutBundle", wire.PutBundleRequest, wire.PutBundleReply),
  submit: method("ClientApi/Submit", wire.SubmitRequest, wire.SubmitReply),
  startAction: method("ClientApi/StartAction", wire.StartActionRequest, wire.StartActionReply),
  waitAction: method("ClientApi/WaitAction", wire.WaitActionRequest, wire.WaitActionReply),
  renewDriver: method("ClientApi/RenewDriver", wire.RenewDriverRequest, wire.RenewDriverReply),
  finishJob: method("ClientApi/FinishJob", wire.FinishJobRequest, wire.FinishJobReply),
  cancelJob: method("ClientApi/CancelJob", wire.CancelJobRequest, wire.CancelJobReply),
  getJob: method("ClientApi/GetJob", wire.GetJobRequest, wire.GetJobReply),
  getHistory: method("ClientApi/GetHistory", wire.GetHistoryRequest, wire.GetHistoryReply),
  listJobs: method("ClientApi/ListJobs", wire.ListJobsRequest, wire.ListJobsReply),
  clusterStatus: method(
    "ClientApi/ClusterStatus",
    wire.ClusterStatusRequest,
    wire.ClusterStatusReply,
  ),
  acquireLock: method("ClientApi/AcquireLock", wire.AcquireLockRequest, wire.AcquireLockReply),
  renewLock: method("ClientApi/RenewLock", wire.RenewLockRequest, wire.RenewLockReply),
  releaseLock: method("ClientApi/ReleaseLock", wire.ReleaseLockRequest, wire.ReleaseLockReply),
  listLocks: method("ClientApi/ListLocks", wire.ListLocksRequest, wire.ListLocksReply),
} as const;

export const workerApi = {
  register: method("WorkerApi/Register", wire.RegisterRequest, wire.RegisterReply),
  poll: method("WorkerApi/Poll", wire.PollRequest, wire.PollReply),
  renew: method("WorkerApi/Renew", wire.RenewRequest, wire.RenewReply),
  report: method("WorkerApi/Report", wire.ReportRequest, wire.ReportReply),
  getBundle: method("WorkerApi/GetBundle", wire.GetBundleRequest, wire.GetBundleReply),
} as const;

export const masterApi = {
  list: method("MasterApi/ListMasters", wire.ListMastersRequest, wire.MastersReply),
  add: method("MasterApi/AddMaster", wire.AddMasterRequest, wire.MastersReply),
  remove: method("MasterApi/RemoveMaster", wire.RemoveMasterRequest, wire.MastersReply),
  transfer: method(
    "MasterApi/TransferLeadership",
    wire.TransferLeadershipRequest,
    wire.MastersReply,
  ),
  renew: method("MasterApi/RenewMaster", wire.RenewMasterRequest, wire.MastersReply),
} as const;

export const peerApi = {
  step: method("PeerApi/Step", wire.StepRequest, wire.StepReply),
  identify: method("PeerApi/Identify", wire.IdentifyRequest, wire.IdentifyReply),
} as const;
