/** The agent for each request: direct, or through the proxy that the usual variables name. */
import type { Agent, IncomingHttpHeaders } from 'node:http';
import { checkServerIdentity as checkIdentity, type PeerCertificate } from 'node:tls';
import type { HttpsProxyAgent } from 'https-proxy-agent';
import type { SocksProxyAgent } from 'socks-proxy-agent';
import { NetworkError, UsageError } from '../errors.ts';
import { printable } from '../sanitize.ts';
import { isLoopback } from '../settings/values.ts';
import { OneBufferAgent, OneBufferSecureAgent } from './one-buffer.ts';

/** Names the agent for a URL. */
export type AgentFor = (url: URL) => Promise<Agent>;

/** Makes agents, one a protocol and proxy. */
export function agents(env: Variables): AgentFor {
  // Connections are not kept: at twelve videos a minute that saves nothing, and an idle connection that the
  // server has dropped would cost a start of the account's limit.
  const direct = {
    'http:': new OneBufferAgent({ keepAlive: false }),
    'https:': new OneBufferSecureAgent({ keepAlive: false }),
  };
  return async (url) => {
    const proxy = proxyFor(url, env);
    if (proxy !== null) return proxyAgent(proxy);
    return url.protocol === 'https:' ? direct['https:'] : direct['http:'];
  };
}

async function proxyAgent(proxy: URL): Promise<Agent> {
  const { protocol } = proxy;
  if (protocol === 'http:' || protocol === 'https:') return tunnelAgent(proxy);
  if (protocol.startsWith('socks')) return socksAgent(proxy);
  throw new UsageError(`the proxy variable names ${protocol}//, which is no kind of proxy that is known`, {
    hint: 'use http://, https:// or socks5://',
  });
}

/** An agent that asks an HTTP proxy for a tunnel. */
async function tunnelAgent(proxy: URL): Promise<Agent> {
  const { HttpsProxyAgent: Tunnels } = await import('https-proxy-agent');
  return new (class extends Tunnels<string> {
    override async connect(...[request, options]: ConnectArguments<HttpsProxyAgent<string>>) {
      let refusal: NetworkError | null = null;
      request.once('proxyConnect', (answer: ProxyAnswer) => {
        if (answer.statusCode !== 200) refusal = tunnelRefused(proxy, answer);
      });
      const socket = await super.connect(request, provenBy(options)).catch((error) => {
        throw proxyFailed(proxy, error);
      });
      // The agent would go on as if the proxy's refusal were the server's own answer.
      if (refusal !== null) {
        socket.destroy();
        throw refusal;
      }
      return socket;
    }
  })(proxy.href);
}

/** An agent that goes through a SOCKS proxy. */
async function socksAgent(proxy: URL): Promise<Agent> {
  const { SocksProxyAgent: Socks } = await import('socks-proxy-agent');
  return new (class extends Socks {
    override connect(...[request, options]: ConnectArguments<SocksProxyAgent>) {
      return super.connect(request, provenBy(options)).catch((error) => {
        throw proxyFailed(proxy, error);
      });
    }
  })(proxy.href);
}

type ConnectArguments<Proxied extends { connect: (...args: never) => unknown }> = Parameters<
  Proxied['connect']
>;

/** The options of a connection, with the certificate held against the host that is meant, also if it is an address. */
function provenBy<Options extends { host?: string | null | undefined }>(options: Options): Options {
  const checkServerIdentity = (_name: string, certificate: PeerCertificate) =>
    checkIdentity(options.host ?? '', certificate);
  return { ...options, checkServerIdentity };
}

interface ProxyAnswer {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
}

function tunnelRefused(proxy: URL, { statusCode, statusText }: ProxyAnswer): NetworkError {
  const said = printable(`HTTP ${statusCode} ${statusText}`);
  return new NetworkError('proxy', `the proxy ${proxy.host} refuses the connection: ${said}`, {
    // As with servers: what is the proxy's own trouble passes, and what it forbids does not.
    retryable: statusCode >= 500,
    hint:
      statusCode === 407
        ? 'it wants a user name and a password: HTTPS_PROXY=http://user:password@host:port'
        : 'ask who runs the proxy, or leave it out for this host with NO_PROXY',
  });
}

function proxyFailed(proxy: URL, error: unknown): NetworkError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ECONNREFUSED' ? 'the connection is refused' : printable(message);
  return new NetworkError('proxy', `the proxy ${proxy.host} cannot be used: ${why}`, {
    hint: 'check HTTPS_PROXY and ALL_PROXY, or leave the proxy out for this host with NO_PROXY',
    cause: error,
  });
}

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
