import { selfSigned } from '../mock/self-signed.ts';
import { download, env, faulty, type Rows } from './row.ts';

/** Messages about the network. */
export const THE_NETWORK: Rows = {
  'a lost connection': {
    ...faulty('drop'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: connection to 127.0.0.1:PORT lost after 64975 bytes',
      '      check the network and run the command again',
    ],
  },
  'a connection that ends before its Content-Length': {
    ...faulty('short-body'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: connection to 127.0.0.1:PORT lost after 64975 of 129950 bytes',
      '      check the network and run the command again',
    ],
  },
  'a connection that is closed without a response': {
    ...faulty('no-answer'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT: connection lost',
      '      check the network, and HTTPS_PROXY if a proxy is required',
    ],
  },
  'a refused connection': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    host: env({ MAVI_BASE_URL: 'http://127.0.0.1:1' }),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT: connection refused',
      '      check the network, and HTTPS_PROXY if a proxy is required',
    ],
  },
  'no response': {
    ...faulty('silent', '--timeout', '0.2'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: no data from 127.0.0.1:PORT for 0.2 s',
      '      run the command again; for a slow server set a longer --timeout',
    ],
  },
  'a stalled body': {
    ...faulty('stall', '--timeout', '0.2'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: no data from 127.0.0.1:PORT for 0.2 s',
      '      run the command again; for a slow server set a longer --timeout',
    ],
  },
  'a response that is not HTTP': {
    ...faulty('bad-http'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT sent an invalid HTTP response: Expected HTTP/, RTSP/ or ICE/ (HPE_INVALID_CONSTANT)',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'too large headers': {
    ...faulty('headers-too-large'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT sent response headers that are too large: Header overflow (HPE_HEADER_OVERFLOW)',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'a loop of redirects': {
    ...faulty('redirect-loop'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT redirects more than 5 times',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'a redirect without an address': {
    ...faulty('redirect-nowhere'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT redirects without a Location',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'an untrusted certificate': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    mock: { tls: selfSigned() },
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection to 127.0.0.1:PORT is not secure: its certificate is self-signed',
      '      for a private certificate authority set NODE_EXTRA_CA_CERTS; the check cannot be disabled',
    ],
  },
  'a missing proxy': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'http://127.0.0.1:1' }),
    code: 6,
    says: [
      'mavi: VI625239098370850816: proxy 127.0.0.1:PORT: connection refused',
      '      check HTTPS_PROXY and ALL_PROXY, or bypass the proxy for this host with NO_PROXY',
    ],
  },
  'a proxy of an unknown kind': {
    ...download('-o', 'a.mp4'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'foo://x' }),
    code: 2,
    says: [
      'mavi: VI625239098370850816: HTTPS_PROXY names foo://, which is not a supported kind of proxy',
      '      use a form such as HTTPS_PROXY=http://proxy:3128 or socks5://proxy:1080',
    ],
  },
  'a proxy that is not an address': {
    ...download('-o', 'a.mp4'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'http://a b' }),
    code: 2,
    says: [
      'mavi: VI625239098370850816: HTTPS_PROXY is not the address of a proxy',
      '      use a form such as HTTPS_PROXY=http://proxy:3128 or socks5://proxy:1080',
    ],
  },
};
