// What the image runs. Words that name a command go to `bowline`; none, or options alone, are for the initializer, which
// an init container without a command of its own is meant to run.
const words = process.argv.slice(2);
if (words.length === 0 || words[0].startsWith("-")) process.argv.splice(2, 0, "initializer", "git");
require("./bin/bowline.js");
