import { faulty, type Rows } from './row.ts';

/** Messages about the API. */
export const THE_API: Rows = {
  'an unknown video': {
    ...faulty('not-found'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: API error 0001: download video error',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a refused key': {
    ...faulty('unauthorized'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: API key refused: API error 0401: The API key is invalid or has no permission',
      '      see where the key comes from with: mavi auth status; create a new one at https://api-platform.memories.ai',
    ],
  },
  'an account without credits': {
    ...faulty('no-credits'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: out of credits: API error 0402: Insufficient credits',
      '      top up the account at https://api-platform.memories.ai',
    ],
  },
  'a disabled account': {
    ...faulty('disabled'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: account disabled: API error 0403: The account has been disabled',
      '      check the account at https://api-platform.memories.ai',
    ],
  },
  'the rate limit': {
    ...faulty('rate-limit'),
    code: 8,
    says: [
      `mavi: VI625239098370850816: rate limit reached: API error 0429: Request has exceeded the limit.`,
      '      other programs may use the same account; wait a minute, or lower --rate',
    ],
  },
  'a Retry-After that is too long': {
    ...faulty('rate-limit=700'),
    code: 8,
    says: [
      `mavi: VI625239098370850816: rate limit reached: API error 0429: Request has exceeded the limit; the server asks for no requests until DATE`,
      '      run the command again after DATE',
    ],
  },
  'a temporary failure': {
    ...faulty('network-abnormal'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: API error 0001: The network is abnormal, please try again',
      '      run the command again later',
    ],
  },
  'a failure without a code': {
    ...faulty('no-code'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: API error: download video error',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a successful response without a video': {
    ...faulty('json-success'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API sent no video (code 0000: success)',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a server error': {
    ...faulty('server-error'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: HTTP 503 from the server: Service Unavailable',
      '      run the command again later',
    ],
  },
  'a gateway error': {
    ...faulty('bad-gateway'),
    code: 6,
    says: ['mavi: VI625239098370850816: HTTP 502 from the server', '      run the command again later'],
  },
  'a request that took too long': {
    ...faulty('request-timeout'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: HTTP 408 from the server: Request Timeout',
      '      run the command again later',
    ],
  },
  'a bad request': {
    ...faulty('http-400'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: HTTP 400 from the server: Bad Request',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'a wrong address of the API': {
    ...faulty('http-404'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: HTTP 404 from the server: Not Found',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'truncated JSON': {
    ...faulty('json-broken'),
    code: 4,
    says: [
      `mavi: VI625239098370850816: unexpected response from the server: {"code":"0001","msg":"download video error"`,
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'endless JSON': {
    ...faulty('json-endless'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: unexpected response from the server: more than 65536 bytes of JSON',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'an error with the Content-Type of a video': {
    ...faulty('mislabelled'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: API error 0001: download video error',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a message full of control characters and a key': {
    ...faulty('echo-key'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: API error 0001: denied for sk-mavi-…ake0  31m [31mred[0m ]0;title esrever and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on an…',
      "      is it in the scope 'default'? see: mavi list, or set --unique-id",
    ],
  },
  'a listing that is a web page': {
    args: ['list'],
    mock: { listFaults: 'html' },
    code: 4,
    says: [
      'mavi: unexpected response from the server: <!DOCTYPE html> <html><head><title>Welcome to the guest network</title></head><body>Please log in.</body></html>',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'a listing with a server error': {
    args: ['list', '--retries', '1'],
    mock: { listFaults: 'server-error' },
    code: 6,
    says: [
      'mavi: listing failed: HTTP 503 from the server: Service Unavailable; retrying now (attempt 2)',
      'mavi: HTTP 503 from the server: Service Unavailable',
      '      run the command again later',
    ],
  },
  'a refused listing': {
    args: ['list'],
    mock: { listFaults: 'not-found' },
    code: 4,
    says: [
      'mavi: API error 0001: download video error',
      "      check the flags, and the scope 'default' (--unique-id)",
    ],
  },
  'a listing without videos': {
    args: ['list'],
    mock: { listFaults: 'json-success' },
    code: 4,
    says: [
      'mavi: the listing contains no list of videos',
      '      check --base-url, and whether a proxy responds instead of the API',
    ],
  },
  'an empty scope': {
    args: ['list', '-u', 'nothing'],
    code: 0,
    says: ["mavi: no videos found in the scope 'nothing'"],
  },
};
