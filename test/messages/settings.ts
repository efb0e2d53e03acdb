import { download, env, type Rows, WRONG_KEY } from './row.ts';

/** What is said of settings and the key. */
export const SETTINGS_AND_KEY: Rows = {
  'a bad variable': {
    ...download(),
    host: env({ MAVI_RATE: 'x' }),
    code: 2,
    says: [
      "mavi: MAVI_RATE takes starts a minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 is no limit), not 'x'",
    ],
  },
  'a bad stored setting': {
    ...download(),
    files: { '.config-mavi/config.json': '{"rate":"x"}' },
    host: env({ MAVI_RATE: '' }),
    code: 2,
    says: [
      "mavi: the setting rate takes starts a minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 is no limit), not 'x'",
      '      mend it with: mavi config unset rate',
    ],
  },
  'a torn config file': {
    ...download('-q'),
    files: { '.config-mavi/config.json': '{' },
    code: 0,
    says: [
      'mavi: warning: DIR/.config-mavi/config.json is not valid JSON, so its settings are ignored until it is written again',
    ],
  },
  'a config file that cannot be read': {
    ...download(),
    files: { '.config-mavi/config.json': null },
    code: 7,
    says: [
      'mavi: cannot read DIR/.config-mavi/config.json: EISDIR: illegal operation on a directory, read',
      '      set MAVI_CONFIG_DIR to a folder of yours, or use MAVI_API_KEY and the other variables',
    ],
  },
  'a config file that cannot be written': {
    args: ['config', 'set', 'rate', '6'],
    files: { '.config-mavi': 'x' },
    code: 7,
    says: [
      "mavi: cannot write DIR/.config-mavi/config.json: EEXIST: file already exists, mkdir 'DIR/.config-mavi'",
      '      set MAVI_CONFIG_DIR to a folder of yours, or use MAVI_API_KEY and the other variables',
    ],
  },
  'a config file that others can read': {
    args: ['config', 'get', 'rate'],
    files: { '.config-mavi/config.json': '{"rate":"6"}' },
    host: env({ MAVI_RATE: '' }),
    openToOthers: true,
    code: 0,
    says: [
      'mavi: warning: others could read DIR/.config-mavi/config.json; it is now yours alone (mode 0600)',
    ],
    prints: ['6'],
  },
  'no key': {
    ...download(),
    host: env({ MAVI_API_KEY: '' }),
    code: 3,
    says: [
      'mavi: no API key',
      '      make one at https://api-platform.memories.ai',
      '      store it with: mavi auth login (in scripts: set MAVI_API_KEY)',
    ],
  },
  'a key in two parts': {
    ...download(),
    host: env({ MAVI_API_KEY: 'a b' }),
    code: 2,
    says: [
      'mavi: the key in MAVI_API_KEY has white space inside',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a key with Bearer': {
    ...download(),
    host: env({ MAVI_API_KEY: 'Bearer sk-mavi-x' }),
    code: 2,
    says: [
      "mavi: the key in MAVI_API_KEY starts with 'Bearer '; the API takes the bare key, without it",
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a key that no header takes': {
    ...download(),
    host: env({ MAVI_API_KEY: 'ä' }),
    code: 2,
    says: [
      'mavi: the key in MAVI_API_KEY has control or non-ASCII characters',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a key file that is not there': {
    ...download(),
    host: env({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: 'key.txt' }),
    code: 2,
    says: [
      'mavi: cannot read key.txt, which MAVI_API_KEY_FILE names: ENOENT: no such file or directory',
      '      name a readable file that holds the key, or unset MAVI_API_KEY_FILE',
    ],
  },
  'a key file that is another file': {
    ...download(),
    host: env({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: 'key.txt' }),
    files: { 'key.txt': 'x'.repeat(70_000) },
    code: 2,
    says: [
      'mavi: the key in key.txt (MAVI_API_KEY_FILE) is too long to be one',
      '      name a file that holds the key alone',
    ],
  },
  'a login without a key': {
    args: ['auth', 'login'],
    host: { stdin: '' },
    code: 2,
    says: [
      'mavi: the key is empty; nothing was stored',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a login': {
    args: ['auth', 'login'],
    host: { stdin: 'sk-mavi-0123456789abcdef\n', ...env({ MAVI_API_KEY: '' }) },
    code: 0,
    says: ['mavi: stored sk-mavi-…cdef in DIR/.config-mavi/config.json; test it with: mavi auth status'],
  },
  'a login with the key of another product': {
    args: ['auth', 'login'],
    host: { stdin: 'sk-mai-0123456789abcdef' },
    code: 0,
    says: [
      'mavi: warning: a key that starts with sk-mai- belongs to another product (Video Datalake); the API will refuse it',
      'mavi: stored sk-mai-…cdef in DIR/.config-mavi/config.json; test it with: mavi auth status',
      'mavi: warning: MAVI_API_KEY is set, and comes before what is stored',
    ],
  },
  'a logout': {
    args: ['auth', 'logout'],
    files: { '.config-mavi/config.json': '{"api-key":"sk-mavi-x"}' },
    host: env({ MAVI_API_KEY: '' }),
    code: 0,
    says: ['mavi: removed the key from DIR/.config-mavi/config.json'],
  },
  'a logout without a key': {
    args: ['auth', 'logout'],
    code: 0,
    says: ['mavi: no key was stored', 'mavi: warning: MAVI_API_KEY is set, and comes before what is stored'],
  },
  'the state of a good key': {
    args: ['auth', 'status'],
    code: 0,
    says: [],
    prints: [
      'key:    sk-mavi-…ake0',
      'source: MAVI_API_KEY',
      'API:    127.0.0.1:PORT accepts it',
      'scopes: default, holiday_2025',
    ],
  },
  'the state of a key that is refused': {
    args: ['auth', 'status'],
    host: env({ MAVI_API_KEY: WRONG_KEY }),
    code: 3,
    says: [
      'mavi: API key refused: API error 0401: The API key is invalid or has no permission',
      '      make a new one at https://api-platform.memories.ai',
    ],
    prints: ['key:    sk-mavi-…nows', 'source: MAVI_API_KEY', 'API:    127.0.0.1:PORT refuses it'],
  },
};
