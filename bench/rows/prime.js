import { join } from "node:path";
import { initializer } from "../contenders.js";
import { BRANCH } from "../settings.js";

/** Fills a cache with the newest commit of a repository: what to ask for to find it there, and a tree of it. */
export async function prime(world, name, place) {
  const repository = world.repositories[name];
  const cache = join(place, "cache");
  const what = { url: world.url(repository), commit: repository.commit, ref: BRANCH, cache };
  const tree = join(place, "tree");
  await initializer(world, { ...what, dir: tree });
  return { what, tree };
}
