/** Replaces `when-exit` in the bundle: runs the callback at exit, and hooks no signal. */
module.exports = (callback) => {
  process.once('exit', callback);
  return () => process.off('exit', callback);
};
