import type { Config } from "../config/index.ts";
import { VERSION } from "../lib/index.ts";

/** The image of our initializer: `init.image`, else the one of this version; from `registry` where that is set. */
export function initImage({ init, registry }: Pick<Config, "init" | "registry">): string {
  const image = init.image ?? `bowline:${VERSION}`;
  return registry === undefined ? image : inRegistry(image, registry);
}

/** The same image in another registry: a host in front of it is replaced. What counts as a host is Docker's rule (a dot, a port, `localhost`). */
function inRegistry(image: string, registry: string): string {
  const [first = "", ...rest] = image.split("/");
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return `${registry.replace(/\/+$/, "")}/${hasHost ? rest.join("/") : image}`;
}
