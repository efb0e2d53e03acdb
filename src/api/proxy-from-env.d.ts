declare module 'proxy-from-env' {
  /** The proxy for a URL by the usual variables, NO_PROXY heeded; the empty string for none. */
  export function getProxyForUrl(url: string): string;
}
