/** The agent for each request: direct, or through the proxy that the usual variables name. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { BlockList, connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as secureConnect } from 'node:tls';
import { NetworkError, UsageError } from '../errors.ts';
import { printable } from '../sanitize.ts';
import { isLoopback } from '../settings/values.ts';
import { type ConnectOptions, connectToAny, directly } from './connect.ts';
import { connectionFault } from './network-errors.ts';

/** Returns the agent for a URL. Throws UsageError for a variable that is no address of a proxy. */
export type AgentFor = (url: URL) => Agent;

/** The environment. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Makes agents for one run. */
export function agents(env: Variables, options: ConnectOptions): AgentFor {
  // Connections are not kept: an idle one that the server has dropped would cost a start of the account's limit.
  // Certificates are checked whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  const secure = (): SecureAgent => new SecureAgent({ keepAlive: false, rejectUnauthorized: true });
  const direct = directly(new Agent({ keepAlive: false }), options);
  const directSecure = directly(secure(), options);
  return (url) => {
    const proxy = proxyFor(url, env);
    if (proxy !== null) return throughProxy(secure(), proxy, options);
    return url.protocol === 'https:' ? directSecure : direct;
  };
}

/** A proxy as a variable names it. */
export interface Proxy {
  readonly kind: 'http' | 'https' | 'socks4' | 'socks5';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The kinds of proxy and their ports. Every SOCKS proxy looks up names itself, so that no name leaks. */
const SCHEMES: Readonly<Record<string, readonly [Proxy['kind'], port: number]>> = {
  'http:': ['http', 80],
  'https:': ['https', 443],
  'socks:': ['socks5', 1080],
  'socks4:': ['socks4', 1080],
  'socks4a:': ['socks4', 1080],
  'socks5:': ['socks5', 1080],
  'socks5h:': ['socks5', 1080],
};

/**
 * The proxy for a URL, or null for none; a loopback address never has one, and so plain http never has. The lower-case
 * spelling of a variable comes first. A proxy without a scheme is an http one. Throws UsageError, naming the variable.
 */
export function proxyFor(url: URL, env: Variables): Proxy | null {
  if (isLoopback(url)) return null;
  const name = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find((each) => env[each]?.trim());
  const text = name === undefined ? '' : (env[name] as string).trim();
  if (name === undefined || isExempt(url, env.no_proxy || env.NO_PROXY || '')) return null;
  const address = text.includes('://') ? text : `http://${text}`;
  // The text may hold a password, so it is not shown.
  const invalid = (why: string): UsageError =>
    new UsageError(`${name} ${why}`, {
      hint: `use a form such as ${name}=http://proxy:3128 or socks5://proxy:1080`,
    });
  if (!URL.canParse(address)) throw invalid('is not the address of a proxy');
  const { protocol, hostname, port, username, password } = new URL(address);
  const scheme = SCHEMES[protocol];
  if (scheme === undefined)
    throw invalid(`names ${printable(protocol)}//, which is not a supported kind of proxy`);
  if (!/^([\w.-]+|\[[\da-f:.]+\])$/i.test(hostname)) throw invalid('is not the address of a proxy');
  const [kind, defaultPort] = scheme;
  return {
    kind,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? defaultPort : Number(port),
    user: decoded(username),
    password: decoded(password),
  };
}

/** Decodes what is percent-encoded; any other `%` stands for itself, as in curl. */
function decoded(text: string): string {
  return text.replace(/(%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/**
 * Whether NO_PROXY names the host: `*`, a domain with all below it, an address or a CIDR block. All but CIDR may have a
 * port. Not left to proxy-from-env, the usual library: it knows neither blocks nor IPv6 addresses without brackets.
 */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '');
  const port = url.port || '443';
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const isName = isIP(host) === 0;
  return entries.some((entry) => {
    if (entry === '*' || isInBlock(host, entry)) return true;
    const [, bracketed, name = '', onlyPort = port] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(entry) ?? [];
    if (onlyPort !== port) return false;
    const domain = name.replace(/^\*?\./, '');
    return isName ? host === domain || host.endsWith(`.${domain}`) : isInBlock(host, bracketed ?? name);
  });
}

/** Whether an address is the other one, in whatever spelling, or lies in that CIDR block. */
function isInBlock(host: string, block: string): boolean {
  const [address = '', bits] = block.split('/');
  const families = { 0: null, 4: 'ipv4', 6: 'ipv6' } as const;
  const [ownFamily, family] = [host, address].map((each) => families[isIP(each) as 0 | 4 | 6]);
  if (!ownFamily || !family) return false;
  const blocks = new BlockList();
  const most = family === 'ipv4' ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= most)) return false;
  blocks.addSubnet(address, prefix, family);
  return blocks.check(host, ownFamily);
}

/** Makes an agent connect through a proxy: a tunnel to the host first, then TLS with the host itself. */
function throughProxy(agent: SecureAgent, proxy: Proxy, connectOptions: ConnectOptions): SecureAgent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const callback = done as (error: Error | null, socket?: Duplex | null) => void;
    const open = proxy.kind.startsWith('socks') ? socksTunnel : httpTunnel;
    open(proxy, options.host ?? '', Number(options.port ?? 443), connectOptions).then(
      (socket) => callback(null, create({ ...options, socket } as typeof options)),
      (error) => callback(connectionFault(error, shown(proxy), { code: 'proxy', hint: CHECK_PROXY })),
    );
    return undefined;
  };
  return agent;
}

const CHECK_PROXY = 'check HTTPS_PROXY and ALL_PROXY, or bypass the proxy for this host with NO_PROXY';

function toProxy({ host, port }: Proxy, options: ConnectOptions): Promise<Socket> {
  return connectToAny(host, options, (address) => connect({ host: address, port }));
}

/** Asks an HTTP proxy for a tunnel with CONNECT. */
async function httpTunnel(
  proxy: Proxy,
  host: string,
  port: number,
  options: ConnectOptions,
): Promise<Duplex> {
  const socket = await toProxy(proxy, options);
  const secured = { socket, host: proxy.host, servername: isIP(proxy.host) ? '' : proxy.host };
  const ask = request({
    method: 'CONNECT',
    path: `${bracketed(host)}:${port}`,
    timeout: options.connectTimeoutMs,
    createConnection: () =>
      proxy.kind === 'https' ? secureConnect({ ...secured, rejectUnauthorized: true }) : socket,
  });
  ask.setHeader('host', `${bracketed(host)}:${port}`);
  if (proxy.user !== '' || proxy.password !== '') {
    const credentials = Buffer.from(`${proxy.user}:${proxy.password}`).toString('base64');
    ask.setHeader('proxy-authorization', `Basic ${credentials}`);
  }
  ask.on('timeout', () => ask.destroy(new Error('no response')));
  ask.end();
  const [{ statusCode: status = 0, statusMessage }, tunnel] = (await once(ask, 'connect')) as [
    IncomingMessage,
    Duplex,
  ];
  if (status === 200) return tunnel;
  tunnel.destroy();
  throw new NetworkError('proxy', `${shown(proxy)} refused the connection: HTTP ${status} ${statusMessage}`, {
    // As with servers: the proxy's own trouble passes, and what it forbids does not.
    retryable: status >= 500,
    hint:
      status === 407
        ? 'it requires a user name and password: HTTPS_PROXY=http://user:password@host:port'
        : 'ask the administrator of the proxy, or bypass it for this host with NO_PROXY',
  });
}

async function socksTunnel(
  proxy: Proxy,
  host: string,
  port: number,
  options: ConnectOptions,
): Promise<Duplex> {
  const { default: socks } = await import('socks');
  const { user: userId, password } = proxy;
  const { socket } = await socks.SocksClient.createConnection({
    proxy: { host: proxy.host, port: proxy.port, type: proxy.kind === 'socks4' ? 4 : 5, userId, password },
    command: 'connect',
    destination: { host, port },
    timeout: options.connectTimeoutMs,
    existing_socket: await toProxy(proxy, options),
  });
  return socket;
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function shown({ host, port }: Proxy): string {
  return `proxy ${bracketed(host)}:${port}`;
}
