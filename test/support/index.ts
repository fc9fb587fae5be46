export { type Account } from "./accounts.ts";
export { type Certificate, type CertificateKind } from "./certificates.ts";
export { clusterHost, kubeconfig, noCluster } from "./cluster.ts";
export { BUSYBOX, dockerHost, IMAGE, noDocker } from "./docker.ts";
export { type Fault } from "./faults.ts";
export { type ForgeName } from "./forges.ts";
export { startGitServer, type GitServer, type GitServerOptions } from "./git-server.ts";
export { canInject, withFault, type InjectedFault } from "./injected-fault.ts";
export { type LfsOptions } from "./lfs-server.ts";
export {
  DEFAULT_REPOSITORY,
  git,
  makeRepository,
  type CommitSpec,
  type FileSpec,
  type Repository,
  type RepositorySpec,
} from "./make-repository.ts";
export { startMeddler, type Answer, type MeddledAnswer, type Meddler } from "./meddler.ts";
export { startProxy, type Proxy, type ProxyOptions } from "./proxy.ts";
export { type RecordedRequest } from "./recorded-request.ts";
export {
  makeSshKey,
  noSshServer,
  startSshServer,
  type SshKey,
  type SshServer,
  type SshServerOptions,
} from "./ssh-server.ts";
export { testNamespace, type TestNamespace } from "./namespace.ts";
export { temporaryFolder } from "./temporary-folder.ts";
