/** The agent for each request: straight, or through the proxy that the usual variables name. */
import { type Agent, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { UsageError } from '../errors.ts';
import { isLoopback } from '../settings/values.ts';

/** Names the agent for a URL. */
export type AgentFor = (url: URL) => Promise<Agent>;

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

/** Makes agents, one a protocol and proxy. A loopback address never goes through a proxy. */
export function agents(env: Readonly<Record<string, string | undefined>>): AgentFor {
  // Connections are not kept: at twelve videos a minute that saves nothing, and an idle connection that the
  // server has dropped would cost a start of the account's limit.
  const straight = {
    'http:': new HttpAgent({ keepAlive: false }),
    'https:': new HttpsAgent({ keepAlive: false }),
  };
  const proxied = PROXY_VARIABLES.some((name) => env[name] || env[name.toLowerCase()]);
  return async (url) => {
    const direct = url.protocol === 'https:' ? straight['https:'] : straight['http:'];
    if (!proxied || isLoopback(url)) return direct;
    const { getProxyForUrl } = await import('proxy-from-env');
    const proxy = getProxyForUrl(url.href);
    return proxy === '' ? direct : proxyAgent(proxy);
  };
}

async function proxyAgent(proxy: string): Promise<Agent> {
  if (!URL.canParse(proxy))
    throw new UsageError('the proxy variable holds no address, such as http://proxy:3128');
  const { protocol } = new URL(proxy);
  if (protocol === 'http:' || protocol === 'https:') {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    return new HttpsProxyAgent(proxy);
  }
  if (protocol.startsWith('socks')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    return new SocksProxyAgent(proxy);
  }
  throw new UsageError(`the proxy variable names ${protocol}//, which is no kind of proxy that is known`, {
    hint: 'use http://, https:// or socks5://',
  });
}
