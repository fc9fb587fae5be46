import { BUSYBOX, dockerHost, IMAGE, noDocker } from "../../support/index.ts";
import { contract } from "./contract.ts";
import { dockerLeftOf } from "../docker/engine.ts";
import { setLocalSecret } from "./harness.ts";

contract({
  executor: "docker",
  absent: noDocker,
  host: "127.0.0.1",
  config: "docker",
  env: { DOCKER_HOST: dockerHost },
  images: { shell: BUSYBOX, git: IMAGE },
  // Servers of the tests listen on loopback, which is a container's own otherwise.
  reaching: "{hostNetwork: true}",
  setSecret: setLocalSecret,
  leftOf: dockerLeftOf,
  otherwise: {},
});
