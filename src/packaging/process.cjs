/** Replaces `node:process` in the bundle: importing that opens standard input, which makes a pipe there non-blocking. */
module.exports = process;
