/** Why there is no Docker Engine for tests here, to be shown in the name of what is skipped; undefined when there is one. */
export const noDocker: string | undefined = process.env["BOWLINE_TEST_DOCKER"]
  ? undefined
  : 'no Docker Engine for tests (as root on Debian: eval "$(test/engines/up)")';

/** The address of the engine that has {@link IMAGE} and {@link BUSYBOX}: `unix:///var/run/docker.sock`. */
export const dockerHost: string = process.env["BOWLINE_TEST_DOCKER"] ?? "";

/** Our image, of the bundle as it was when the engines were started. */
export const IMAGE: string = process.env["BOWLINE_TEST_IMAGE"] ?? "bowline:test";

/** A shell and the small tools. */
export const BUSYBOX = "busybox:local";
