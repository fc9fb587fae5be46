import { CODE, contract } from "./contract.ts";
import { onKubernetes } from "./on-kubernetes.ts";

// A file of its own: most of the time goes by waiting for the cluster, which serves both at once.
contract(onKubernetes("contract-code"), CODE);
