import { contract, THE_REST } from "./contract.ts";
import { onKubernetes } from "./on-kubernetes.ts";

contract(onKubernetes("contract"), THE_REST);
