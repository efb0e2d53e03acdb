/** Which proxy a request goes through, by the variables that curl knows. Pure. */
import { UsageError } from '../errors.ts';
import { isLoopback } from '../settings/values.ts';

/** The environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL, or null for none; a loopback address never has one. Of a variable's two spellings the
 * lower-case one counts first, and a proxy without a scheme is spoken to in plain http. Throws UsageError for what
 * is no address.
 */
export function proxyFor(url: URL, env: Variables): URL | null {
  if (isLoopback(url)) return null;
  const scheme = url.protocol.slice(0, -1);
  const text = variable(env, `${scheme}_proxy`) || variable(env, 'all_proxy');
  if (text === '' || isExempt(url, variable(env, 'no_proxy'))) return null;
  const address = text.includes('://') ? text : `http://${text}`;
  // The text may hold a password, so it is not shown.
  if (!URL.canParse(address))
    throw new UsageError('the proxy variable holds no address, such as http://proxy:3128', {
      hint: 'check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY',
    });
  return new URL(address);
}

function variable(env: Variables, name: string): string {
  return (env[name] || env[name.toUpperCase()] || '').trim();
}

/** Whether NO_PROXY names the host: `*`, a domain with all below it, or an address, each with a port or without. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', onlyPort = port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      const domain = name.replace(/^\*?\./, '');
      return onlyPort === port && (host === domain || host === `[${domain}]` || host.endsWith(`.${domain}`));
    });
}
