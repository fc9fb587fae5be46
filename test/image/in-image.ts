import { execa } from "execa";
import { chmod } from "node:fs/promises";
import { dockerHost, IMAGE, temporaryFolder } from "../support/index.ts";

export interface InImage {
  /** `UID:GID`; one that no image has a name for when absent. */
  user?: string;
  env?: Record<string, string>;
  /** Words of `docker run`: more mounts, limits. */
  docker?: string[];
  /** Words for the entrypoint. */
  words: string[];
}

export interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number | undefined;
  /** What is /code in the container. */
  folder: string;
}

/**
 * Runs our image as a restricted pod would: a user id without a name, a read-only root, no capability, no way to more rights. Only /tmp and the
 * empty folder /code can be written. It has this machine's network, so that it reaches servers of the tests.
 */
export async function inImage({ user = "12345:23456", env = {}, docker = [], words }: InImage): Promise<Outcome> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o777);
  const names = Object.keys(env).flatMap((name) => ["-e", name]);
  const restricted = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const { stdout, stderr, exitCode } = await execa(
    "docker",
    [
      ...["run", "--rm", "--network", "host", "--user", user, ...restricted],
      ...["-v", `${folder}:/code`, ...names, ...docker, IMAGE, ...words],
    ],
    { env: { ...env, DOCKER_HOST: dockerHost }, reject: false },
  );
  return { stdout, stderr, exitCode, folder };
}
