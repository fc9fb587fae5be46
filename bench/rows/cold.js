// Nothing is there: no cache, no folder.
import { clone, library, peers, rawGit, wholeProcess } from "../contenders.js";
import { BRANCH } from "../settings.js";

const NEAR_S = { library: { factor: 0.75 }, process: { factor: 1.2 } };
const NEAR = { library: { factor: 0.95 }, process: { factor: 1 } };
const FAR_S = { library: { factor: 0.7 }, process: { factor: 0.8 } };
const FAR_L = { library: { factor: 0.8 }, process: { factor: 0.85 } };

const PLACES = {
  near: "loopback",
  far: "50 ms round trip",
  nearTls: "loopback, TLS",
  farTls: "50 ms round trip, TLS",
};

export const coldRows = [
  cold({ id: "cold-S", name: "S", goals: NEAR_S }),
  cold({ id: "cold-S-commit", name: "S", pinned: true, goals: NEAR_S }),
  cold({ id: "cold-L", name: "L", goals: NEAR }),
  cold({ id: "cold-L-commit", name: "L", pinned: true, goals: NEAR }),
  cold({ id: "cold-H", name: "H", goals: NEAR }),
  cold({ id: "cold-R", name: "R", goals: {} }),
  cold({ id: "cold-B", name: "B", goals: {} }),
  cold({ id: "far-S", name: "S", place: "far", goals: FAR_S }),
  cold({ id: "far-L", name: "L", place: "far", goals: FAR_L }),
  cold({ id: "tls-S", name: "S", place: "nearTls", goals: NEAR_S }),
  cold({ id: "tls-L", name: "L", place: "nearTls", goals: NEAR }),
  cold({ id: "tls-far-S", name: "S", place: "farTls", goals: FAR_S }),
  cold({ id: "tls-far-L", name: "L", place: "farTls", goals: FAR_L }),
];

function cold({ id, name, place = "near", pinned = false, goals }) {
  const work = `cold, ${name}, ${pinned ? "commit" : "branch"}, ${PLACES[place]}`;
  const contenders = (world, options) => {
    const repository = world.repositories[name];
    const url = world.url(repository, place);
    const rev = pinned ? repository.commit : BRANCH;
    const what = pinned ? { url, commit: repository.commit, ref: BRANCH } : { url, revision: "main" };
    return [
      rawGit(world, { url, rev }),
      library(world, what),
      wholeProcess(world, what),
      ...(pinned ? [] : [clone(world, { url, depth: 1 }), clone(world, { url })]),
      ...peers(world, options.peers, { url, rev }),
    ];
  };
  return {
    id,
    work,
    repositories: [name],
    tree: name,
    reference: "raw git",
    goals,
    wire: true,
    scarce: name === "B",
    contenders,
  };
}
