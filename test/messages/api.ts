import { faulty, type Rows } from './row.ts';

/** What is said of the API. */
export const THE_API: Rows = {
  'an unknown video': {
    ...faulty('not-found'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API refuses: "download video error" (code 0001)',
      "      is it in the scope 'default'? look with: mavi list, or give --unique-id",
    ],
  },
  'a refused key': {
    ...faulty('unauthorized'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: the API refuses the key: "The API key is invalid or has no permission" (code 0401)',
      '      see where the key comes from with: mavi auth status',
      '      make a new one at https://api-platform.memories.ai',
    ],
  },
  'an account without credits': {
    ...faulty('no-credits'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: the account is out of credits: "Insufficient credits" (code 0402)',
      '      top up the account at https://api-platform.memories.ai',
    ],
  },
  'a disabled account': {
    ...faulty('disabled'),
    code: 3,
    says: [
      'mavi: VI625239098370850816: the account is disabled: "The account has been disabled" (code 0403)',
      '      see the account at https://api-platform.memories.ai',
    ],
  },
  'the rate limit': {
    ...faulty('rate-limit'),
    code: 8,
    says: [
      `mavi: VI625239098370850816: the account's rate limit is reached: "Request has exceeded the limit." (code 0429)`,
      '      other programs may use the same account; wait a minute, or lower --rate',
    ],
  },
  'a wait that is too long': {
    ...faulty('rate-limit=700'),
    code: 8,
    says: [
      `mavi: VI625239098370850816: the account's rate limit is reached: "Request has exceeded the limit." (code 0429); the server asks to wait until DATE`,
      '      run the command again after DATE',
    ],
  },
  'passing trouble': {
    ...faulty('network-abnormal'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the API reports passing trouble: "The network is abnormal, please try again" (code 0001)',
      '      try again in a while',
    ],
  },
  'a failure without a code': {
    ...faulty('no-code'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API refuses: "download video error" (without a code)',
      "      is it in the scope 'default'? look with: mavi list, or give --unique-id",
    ],
  },
  'an answer of success without a video': {
    ...faulty('json-success'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API sends no video: "success" (code 0000)',
      "      is it in the scope 'default'? look with: mavi list, or give --unique-id",
    ],
  },
  'a server in trouble': {
    ...faulty('server-error'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the server answers HTTP 503: Service Unavailable',
      '      try again in a while',
    ],
  },
  'a gateway in trouble': {
    ...faulty('bad-gateway'),
    code: 6,
    says: ['mavi: VI625239098370850816: the server answers HTTP 502', '      try again in a while'],
  },
  'a request that took too long': {
    ...faulty('request-timeout'),
    code: 6,
    says: [
      'mavi: VI625239098370850816: the server answers HTTP 408: Request Timeout',
      '      try again in a while',
    ],
  },
  'a bad request': {
    ...faulty('http-400'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the server answers HTTP 400: Bad Request',
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'a wrong address of the API': {
    ...faulty('http-404'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the server answers HTTP 404: Not Found',
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'JSON that is cut': {
    ...faulty('json-broken'),
    code: 4,
    says: [
      `mavi: VI625239098370850816: the server's answer is not the API's: {"code":"0001","msg":"download video error"`,
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'JSON without an end': {
    ...faulty('json-endless'),
    code: 4,
    says: [
      "mavi: VI625239098370850816: the server's answer is not the API's: more than 65536 bytes of JSON",
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'an error under the type of a video': {
    ...faulty('mislabelled'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API refuses: "download video error" (code 0001)',
      "      is it in the scope 'default'? look with: mavi list, or give --unique-id",
    ],
  },
  'a message full of control characters and a key': {
    ...faulty('echo-key'),
    code: 4,
    says: [
      'mavi: VI625239098370850816: the API refuses: "denied for sk-mavi-…ake0  31m [31mred[0m ]0;title esrever and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on and so on an…" (code 0001)',
      "      is it in the scope 'default'? look with: mavi list, or give --unique-id",
    ],
  },
  'a listing that is a web page': {
    args: ['list'],
    standin: { listFaults: 'html' },
    code: 4,
    says: [
      "mavi: the server's answer is not the API's: <!DOCTYPE html> <html><head><title>Welcome to the guest network</title></head><body>Please log in.</body></html>",
      '      check --base-url, and whether a proxy stands between',
    ],
  },
  'a listing in trouble': {
    args: ['list', '--retries', '1'],
    standin: { listFaults: 'server-error' },
    code: 6,
    says: [
      'mavi: listing failed: the server answers HTTP 503: Service Unavailable; retrying now (attempt 2)',
      'mavi: the server answers HTTP 503: Service Unavailable',
      '      try again in a while',
    ],
  },
  'a listing that is refused': {
    args: ['list'],
    standin: { listFaults: 'not-found' },
    code: 4,
    says: [
      'mavi: the API refuses: "download video error" (code 0001)',
      "      check the flags, and the scope 'default' (--unique-id)",
    ],
  },
  'a listing without videos': {
    args: ['list'],
    standin: { listFaults: 'json-success' },
    code: 4,
    says: [
      'mavi: the listing contains no list of videos',
      '      check --base-url, and whether a proxy answers instead of the API',
    ],
  },
  'a scope that is empty': {
    args: ['list', '-u', 'nothing'],
    code: 0,
    says: ["mavi: no video matches in the scope 'nothing'"],
  },
};
