/** Replaces got's cache, its cache of DNS and its HTTP/2 in the bundle; none of them is ever used. */
module.exports = { CacheError: class extends Error {} };
