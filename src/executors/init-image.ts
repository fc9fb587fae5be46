import type { Config } from "../config/index.ts";
import { VERSION } from "../lib/index.ts";

/** The image of our initializer: `init.image`, else the one of this version; from `registry` where that is set. */
export function initImage({ init, registry }: Pick<Config, "init" | "registry">): string {
  const image = init.image ?? `bowline:${VERSION}`;
  return registry === undefined ? image : inRegistry(image, registry);
}

/** The host in front of an image's name, by Docker's rule: a first part with a dot or a port, or `localhost`. */
export function hostOfImage(image: string): string | undefined {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost") ? first : undefined;
}

/** The same image in another registry: a host in front of it is replaced. */
function inRegistry(image: string, registry: string): string {
  const host = hostOfImage(image);
  return `${registry.replace(/\/+$/, "")}/${host === undefined ? image : image.slice(host.length + 1)}`;
}
