import { createInterface } from "node:readline";
import { BowlineError, type Place } from "../../lib/index.ts";
import { at } from "../plan-check.ts";
import type { DockerClient } from "./client/client.ts";
import { DockerError, isStatus, refusal } from "./client/errors.ts";
import { registryAuth, registryOf, type RegistrySettings } from "./registry-auth.ts";

/** What an image says of how it is run. */
export interface ImageSettings {
  /** `USER`: empty, a name or a number, with or without a group. */
  user: string;
}

export interface ImageRequest {
  image: string;
  /** Kubernetes' imagePullPolicy; an image that is there is not pulled unless it is Always. */
  pullPolicy?: string | undefined;
  place?: Place | undefined;
  settings: RegistrySettings;
  /** Told while it is pulled. */
  say: (text: string) => void;
  signal: AbortSignal;
}

interface ImageAnswer {
  Config?: { User?: string } | null;
}

/** Milliseconds between two words about a pull. */
const INTERVAL = 3_000;

/** Has the image ready in the engine. Throws IMAGE_NOT_PULLED with what the registry said. */
export async function ensureImage(client: DockerClient, request: ImageRequest): Promise<ImageSettings> {
  const { image, pullPolicy } = request;
  const there = pullPolicy === "Always" ? undefined : await inspect(client, image);
  if (there !== undefined) return there;
  if (pullPolicy === "Never") throw notPulled(request, "it is not there, and imagePullPolicy is Never");
  await pull(client, request);
  return (await inspect(client, image)) ?? { user: "" };
}

async function inspect(client: DockerClient, image: string): Promise<ImageSettings | undefined> {
  try {
    const { Config } = await client.ask<ImageAnswer>("GET", `/images/${encodeURIComponent(image)}/json`);
    return { user: Config?.User ?? "" };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

interface PullLine {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
}

async function pull(client: DockerClient, request: ImageRequest): Promise<void> {
  const { image, say, signal } = request;
  const { repository, tag } = reference(image);
  say(`pulling the image ${image}`);
  const auth = await registryAuth(registryOf(image), request.settings);
  const layers = new Map<string, { current: number; total: number }>();
  let told = Date.now();
  try {
    const answer = await client.open("POST", "/images/create", {
      query: { fromImage: repository, tag },
      ...(auth === undefined ? {} : { headers: { "x-registry-auth": auth } }),
      signal,
    });
    for await (const text of createInterface({ input: answer })) {
      const line = JSON.parse(text) as PullLine;
      if (line.error !== undefined) throw notPulled(request, line.error);
      const { id, status, progressDetail } = line;
      if (id !== undefined && status === "Downloading" && progressDetail?.total !== undefined)
        layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
      if (Date.now() - told < INTERVAL) continue;
      told = Date.now();
      say(`pulling the image ${image}: ${progressOf([...layers.values()])}`);
    }
  } catch (error) {
    throw error instanceof DockerError ? notPulled(request, error.said) : error;
  }
  say(`pulled the image ${image}`);
}

function progressOf(layers: readonly { current: number; total: number }[]): string {
  const mebibytes = (part: "current" | "total"): string =>
    (layers.reduce((sum, layer) => sum + layer[part], 0) / 2 ** 20).toFixed(1);
  return `${mebibytes("current")} of ${mebibytes("total")} MiB`;
}

/** `name:tag`, `name@digest`, `name`; a colon before the last slash is a port's. */
function reference(image: string): { repository: string; tag: string } {
  const digest = image.indexOf("@");
  if (digest !== -1) return { repository: image.slice(0, digest), tag: image.slice(digest + 1) };
  const colon = image.lastIndexOf(":");
  if (colon > image.lastIndexOf("/")) return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
  return { repository: image, tag: "latest" };
}

function notPulled({ image, place }: ImageRequest, why: string): BowlineError {
  const hint = `check its name and tag; a private registry needs: docker login ${registryOf(image)}`;
  return new BowlineError({
    message: `the image "${image}" cannot be pulled: ${why}`,
    ...refusal(why, { code: "IMAGE_NOT_PULLED", hint }),
    ...at(place),
  });
}
