// What is measured, in the order of the table.
import { clusterRows } from "./cluster.js";
import { coldRows } from "./cold.js";
import { crowdRows } from "./crowd.js";
import { startRows } from "./start.js";
import { warmRows } from "./warm.js";

/**
 * A row: `id`, `work` (its name in the table), `repositories`, `tree` (the one that every contender is to
 * leave in its folder), `onDisk`, `reference` (the contender whose time the others are divided by), and
 * `contenders(world, options, place)`. `goals`, by contender: its time is at most `factor` times the reference's, plus `starts` starts of
 * Node, plus `ms` milliseconds; `rss` bytes of memory at most; `fetches` requests for objects. `wire`: no more is asked and
 * received than by the reference. `scarce`: so long that it is measured twice at most.
 */
export const ROWS = [...coldRows, ...warmRows, ...crowdRows, ...startRows, ...clusterRows];
