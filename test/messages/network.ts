import { selfSigned } from '../standin/self-signed.ts';
import { download, env, faulty, type Rows } from './row.ts';

/** What is said of the network. */
export const THE_NETWORK: Rows = {
  'a connection that breaks': {
    ...faulty('drop'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection to 127.0.0.1:PORT was broken off after 64975 bytes',
      '      check the network and run the command again',
    ],
  },
  'a connection that ends before its length': {
    ...faulty('short-body'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection to 127.0.0.1:PORT was broken off after 64975 of 129950 bytes',
      '      check the network and run the command again',
    ],
  },
  'a connection that is closed without an answer': {
    ...faulty('no-answer'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection was broken off (127.0.0.1:PORT)',
      '      check the network, and HTTPS_PROXY if it needs one',
    ],
  },
  'a connection that is refused': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    host: env({ MAVI_BASE_URL: 'http://127.0.0.1:1' }),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection is refused (127.0.0.1:PORT)',
      '      check the network, and HTTPS_PROXY if it needs one',
    ],
  },
  silence: {
    ...faulty('silent', '--timeout', '0.2'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: no answer came from 127.0.0.1:PORT for 0.2 seconds',
      '      try again; for a slow server give a longer --timeout',
    ],
  },
  'a stall': {
    ...faulty('stall', '--timeout', '0.2'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: no byte came from 127.0.0.1:PORT for 0.2 seconds',
      '      try again; for a slow source give a longer --timeout',
    ],
  },
  'no HTTP': {
    ...faulty('bad-http'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT answers with what is no HTTP (HPE_INVALID_CONSTANT)',
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'too large headers': {
    ...faulty('headers-too-large'),
    code: 6,
    says: [
      "mavi: VI625239098370850816: 127.0.0.1:PORT answers with headers too large to be the API's",
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'a loop of redirects': {
    ...faulty('redirect-loop'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT redirects more than 5 times',
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'a redirect to nowhere': {
    ...faulty('redirect-nowhere'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: 127.0.0.1:PORT redirects without saying where to',
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'a certificate of nobody': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    standin: { tls: selfSigned() },
    code: 6,
    says: [
      'mavi: VI625239098370850816: the connection to 127.0.0.1:PORT is not safe: its certificate is signed by itself',
      '      name the authority of a private certificate with NODE_EXTRA_CA_CERTS; the check cannot be switched off',
    ],
  },
  'a proxy that is not there': {
    ...download('-o', 'a.mp4', '--retries', '0'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'http://127.0.0.1:1' }),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the proxy 127.0.0.1:PORT cannot be used: the connection is refused',
      '      check HTTPS_PROXY and ALL_PROXY, or leave the proxy out for this host with NO_PROXY',
    ],
  },
  'a proxy of an unknown kind': {
    ...download('-o', 'a.mp4'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'foo://x' }),
    code: 2,
    says: [
      'mavi: VI625239098370850816: the proxy variable names foo://, which is no kind of proxy that is known',
      '      use http://, https:// or socks5://',
    ],
  },
  'a proxy that is no address': {
    ...download('-o', 'a.mp4'),
    host: env({ MAVI_BASE_URL: 'https://api.example', HTTPS_PROXY: 'http://a b' }),
    code: 2,
    says: [
      'mavi: VI625239098370850816: the proxy variable holds no address, such as http://proxy:3128',
      '      check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY',
    ],
  },
};
