import { BUSYBOX, dockerHost, IMAGE, noDocker } from "../../support/index.ts";
import { dockerLeftOf } from "../docker/engine.ts";
import { startRelay, type Relay } from "../docker/relay.ts";
import { CODE, contract } from "./contract.ts";
import { setLocalSecret, type Harness } from "./harness.ts";

/** The same engine by tcp, which counts as elsewhere: the code comes into volumes, by our image. */
let relay: Relay;
const harness: Harness = {
  executor: "docker",
  name: "docker elsewhere",
  absent: noDocker,
  async open() {
    relay = await startRelay(dockerHost);
    harness.config = `{kind: docker, host: "tcp://127.0.0.1:${relay.port}"}`;
  },
  close: () => relay.close(),
  host: "127.0.0.1",
  config: "docker",
  moreConfig: `init: {image: "${IMAGE}"}\n`,
  images: { shell: BUSYBOX, git: IMAGE },
  reaching: "{hostNetwork: true}",
  alwaysReaching: true,
  setSecret: setLocalSecret,
  leftOf: dockerLeftOf,
  otherwise: {},
};

// How runs end, and what is logged, does not depend on where the engine is.
contract(harness, CODE);
