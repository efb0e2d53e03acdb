/** The agent for each request: direct, or through the proxy of the usual variables. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { BlockList, connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as secureConnect } from 'node:tls';
import { NetworkError, UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import { printable } from '../sanitize.ts';
import { isLoopback } from '../settings/values.ts';
import { type ConnectOptions, connectToAny, directly } from './connect.ts';
import { networkError } from './network-errors.ts';

/** Returns the agent for a URL. Throws UsageError for a variable that is not the address of a proxy. */
export type AgentFor = (url: URL) => Agent;

/** Makes the agents of one run. */
export function agents(env: Host['env'], options: ConnectOptions): AgentFor {
  // Connections are not kept: one that the server has dropped while idle would cost a start of the account's limit.
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

type Address = { readonly host: string; readonly port: number };

/** A proxy as a variable names it. */
export interface Proxy extends Address {
  readonly protocol: string;
  readonly user: string;
  readonly password: string;
}

/** The protocols of SOCKS. Every such proxy looks up names itself, so that no name leaks. */
const SOCKS = /^socks(4a?|5h?)?:$/;

const HTTP_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** In the order in which they count. Plain http goes to loopback addresses only, which never have a proxy. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/** The proxy for a URL, or null for none. One without a scheme is an http proxy. Throws UsageError, naming the variable. */
export function proxyFor(url: URL, env: Host['env']): Proxy | null {
  const name = VARIABLES.find((each) => env[each]?.trim());
  if (name === undefined || isLoopback(url) || isExempt(url, env.no_proxy || env.NO_PROXY || '')) return null;
  const text = env[name]?.trim() ?? '';
  const address = text.includes('://') ? text : `http://${text}`;
  // The text may hold a password, so it is not shown.
  const hint = `use a form such as ${name}=http://proxy:3128 or socks5://proxy:1080`;
  const invalid = (why: string): UsageError => new UsageError(`${name} ${why}`, { hint });
  if (!URL.canParse(address)) throw invalid('is not the address of a proxy');
  const { protocol, hostname, port, username, password } = new URL(address);
  const defaultPort = SOCKS.test(protocol) ? 1080 : HTTP_PORTS[protocol];
  if (defaultPort === undefined) {
    throw invalid(`names ${printable(protocol)}//, which is not a supported kind of proxy`);
  }
  if (!/^([\w.-]+|\[[\da-f:.]+\])$/i.test(hostname)) throw invalid('is not the address of a proxy');
  const host = hostname.replace(/^\[|\]$/g, '');
  const account = { user: decoded(username), password: decoded(password) };
  return { protocol, host, port: Number(port || defaultPort), ...account };
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
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    if (entry === '*' || isInBlock(host, entry)) return true;
    const [, name = '', onlyPort = port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
    if (onlyPort !== port) return false;
    if (isIP(host) !== 0) return isInBlock(host, name);
    const domain = name.replace(/^\*?\./, '');
    return host === domain || host.endsWith(`.${domain}`);
  });
}

/** Whether an address is the other one, in whatever spelling, or lies in that CIDR block. */
function isInBlock(host: string, block: string): boolean {
  const familyOf = (text: string): 'ipv4' | 'ipv6' => (isIP(text) === 6 ? 'ipv6' : 'ipv4');
  const [address = '', bits] = block.split('/');
  const blocks = new BlockList();
  try {
    if (bits === undefined) blocks.addAddress(address, familyOf(address));
    else blocks.addSubnet(address, Number.parseInt(bits, 10), familyOf(address));
  } catch {
    // It is a name, or not a valid block.
    return false;
  }
  return blocks.check(host, familyOf(host));
}

/** Makes an agent connect through a proxy: a tunnel to the host first, then TLS with the host itself. */
function throughProxy(agent: SecureAgent, proxy: Proxy, connectOptions: ConnectOptions): SecureAgent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const callback = done as (error: Error | null, socket?: Duplex | null) => void;
    openTunnel(proxy, { host: options.host ?? '', port: Number(options.port ?? 443) }, connectOptions).then(
      (socket) => callback(null, create({ ...options, socket } as typeof options)),
      (error) => callback(networkError(error, shown(proxy), { code: 'proxy', hint: CHECK_PROXY })),
    );
    return undefined;
  };
  return agent;
}

const CHECK_PROXY = 'check HTTPS_PROXY and ALL_PROXY, or bypass the proxy for this host with NO_PROXY';

/** Opens a tunnel: by the protocol of SOCKS, or by CONNECT. */
async function openTunnel(proxy: Proxy, destination: Address, options: ConnectOptions): Promise<Duplex> {
  const { protocol, host, port, user, password } = proxy;
  const timeout = options.connectTimeoutMs;
  const socket = await connectToAny(host, options, (address) => connect({ host: address, port }));
  if (SOCKS.test(protocol)) {
    const { default: socks } = await import('socks');
    const type = protocol.startsWith('socks4') ? 4 : 5;
    const tunnel = await socks.SocksClient.createConnection({
      proxy: { host, port, type, userId: user, password },
      command: 'connect',
      destination,
      timeout,
      existing_socket: socket,
    });
    return tunnel.socket;
  }
  const path = `${bracketed(destination.host)}:${destination.port}`;
  const secured = { socket, host, servername: isIP(host) ? '' : host, rejectUnauthorized: true };
  const createConnection = (): Socket => (protocol === 'https:' ? secureConnect(secured) : socket);
  const connecting = request({ method: 'CONNECT', path, timeout, createConnection });
  connecting.setHeader('host', path);
  if (user !== '' || password !== '') {
    const credentials = Buffer.from(`${user}:${password}`).toString('base64');
    connecting.setHeader('proxy-authorization', `Basic ${credentials}`);
  }
  connecting.on('timeout', () => connecting.destroy(new Error('no response')));
  connecting.end();
  const connected = (await once(connecting, 'connect')) as [IncomingMessage, Duplex];
  const [{ statusCode: status = 0, statusMessage }, tunnel] = connected;
  if (status === 200) return tunnel;
  tunnel.destroy();
  const text = `${shown(proxy)} refused the connection: HTTP ${status} ${statusMessage}`;
  const hint =
    status === 407
      ? 'it requires a user name and password: HTTPS_PROXY=http://user:password@host:port'
      : 'ask the administrator of the proxy, or bypass it for this host with NO_PROXY';
  // As with servers: a failure of the proxy may be temporary, a refusal is final.
  throw new NetworkError('proxy', text, { retryable: status >= 500, hint });
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function shown({ host, port }: Proxy): string {
  return `proxy ${bracketed(host)}:${port}`;
}
