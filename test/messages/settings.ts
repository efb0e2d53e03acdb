import { download, env, type Rows, WRONG_KEY } from './row.ts';

/** Messages about settings and the key. */
export const SETTINGS_AND_KEY: Rows = {
  'an invalid variable': {
    ...download(),
    host: env({ MAVI_RATE: 'x' }),
    code: 2,
    says: [
      "mavi: MAVI_RATE takes a number of starts per minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit), not 'x'",
    ],
  },
  'an invalid stored setting': {
    ...download(),
    files: { '.config-mavi/config.json': '{"rate":"x"}' },
    host: env({ MAVI_RATE: '' }),
    code: 2,
    says: [
      "mavi: the setting rate takes a number of starts per minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit), not 'x'",
      '      reset it with: mavi config unset rate',
    ],
  },
  'a settings file that is not JSON': {
    ...download('-q'),
    files: { '.config-mavi/config.json': '{"base-url": "https://example.com",}' },
    code: 2,
    says: [
      'mavi: DIR/.config-mavi/config.json is not valid JSON',
      '      correct it in an editor, or delete it to reset all its settings',
    ],
  },
  'a settings file that cannot be read': {
    ...download(),
    files: { '.config-mavi/config.json': null },
    code: 7,
    says: [
      'mavi: cannot read DIR/.config-mavi/config.json: not a file',
      '      set MAVI_CONFIG_DIR to a folder of your own, or use MAVI_API_KEY and the other variables',
    ],
  },
  'a settings file that cannot be written': {
    args: ['config', 'set', 'rate', '6'],
    files: { '.config-mavi': 'x' },
    code: 7,
    says: [
      'mavi: cannot write DIR/.config-mavi/config.json: a file has that name',
      '      set MAVI_CONFIG_DIR to a folder of your own, or use MAVI_API_KEY and the other variables',
    ],
  },
  'a settings file that others can read': {
    args: ['config', 'get', 'rate'],
    files: { '.config-mavi/config.json': '{"rate":"6"}' },
    host: env({ MAVI_RATE: '' }),
    openToOthers: true,
    code: 0,
    says: ['mavi: warning: other users could read DIR/.config-mavi/config.json; its mode is now 0600'],
    prints: ['6'],
  },
  'no key': {
    ...download(),
    host: env({ MAVI_API_KEY: '' }),
    code: 3,
    says: [
      'mavi: no API key',
      '      store one with: mavi auth login (in scripts: set MAVI_API_KEY); create it at https://api-platform.memories.ai',
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
      "mavi: the key in MAVI_API_KEY starts with 'Bearer '; give only the key",
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a key with its variable': {
    ...download(),
    host: env({ MAVI_API_KEY: 'export MAVI_API_KEY=sk-mavi-0123456789abcdef' }),
    code: 2,
    says: [
      'mavi: the key in MAVI_API_KEY starts with NAME=; give only the value',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a key with non-ASCII characters': {
    ...download(),
    host: env({ MAVI_API_KEY: 'ä' }),
    code: 2,
    says: [
      'mavi: the key in MAVI_API_KEY has control or non-ASCII characters',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a missing key file': {
    ...download(),
    host: env({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: 'key.txt' }),
    code: 2,
    says: [
      'mavi: cannot read key.txt: no such file or folder (MAVI_API_KEY_FILE)',
      '      name a readable file that contains the key, or unset MAVI_API_KEY_FILE',
    ],
  },
  'a key file that is too large': {
    ...download(),
    host: env({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: 'key.txt' }),
    files: { 'key.txt': 'x'.repeat(70_000) },
    code: 2,
    says: [
      'mavi: key.txt (MAVI_API_KEY_FILE) contains more than 4096 bytes, too many for a key',
      '      it must contain only the key',
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
  'a login with a line of a .env file': {
    args: ['auth', 'login'],
    host: { stdin: 'MAVI_API_KEY=sk-mavi-0123456789abcdef\n' },
    code: 2,
    says: [
      'mavi: the key starts with NAME=; give only the value; nothing was stored',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a login with a key in quotes': {
    args: ['auth', 'login'],
    host: { stdin: '"sk-mavi-0123456789abcdef"\n' },
    code: 2,
    says: [
      'mavi: the key is in quotes; give it without them; nothing was stored',
      '      copy it again from https://api-platform.memories.ai',
    ],
  },
  'a login': {
    args: ['auth', 'login'],
    host: { stdin: 'sk-mavi-0123456789abcdef\n', ...env({ MAVI_API_KEY: '' }) },
    mock: { key: 'sk-mavi-0123456789abcdef' },
    code: 0,
    says: ['mavi: stored sk-mavi-…cdef in DIR/.config-mavi/config.json; 127.0.0.1:PORT accepts it'],
  },
  'a login without the API': {
    args: ['auth', 'login'],
    host: { stdin: 'sk-mavi-0123456789abcdef\n', ...env({ MAVI_API_KEY: '' }) },
    mock: { key: 'sk-mavi-0123456789abcdef', listFaults: 'server-error' },
    code: 0,
    says: [
      'mavi: warning: the key could not be checked: HTTP 503 from the server: Service Unavailable',
      'mavi: stored sk-mavi-…cdef in DIR/.config-mavi/config.json; check it later with: mavi auth status',
    ],
  },
  'a login with the key of another product': {
    args: ['auth', 'login'],
    host: { stdin: 'sk-mai-0123456789abcdef' },
    code: 3,
    says: [
      'mavi: warning: a key that starts with sk-mai- is for another product (Video Datalake); this API refuses it',
      'mavi: API key refused: API error 0401: The API key is invalid or has no permission; nothing was stored',
      '      copy it again, or create a new one, at https://api-platform.memories.ai',
    ],
  },
  'a login with a settings file that is not JSON': {
    args: ['auth', 'login'],
    files: { '.config-mavi/config.json': '{"rate":"6",}' },
    host: { stdin: 'sk-mavi-0123456789abcdef' },
    code: 2,
    says: [
      'mavi: DIR/.config-mavi/config.json is not valid JSON',
      '      correct it in an editor, or delete it to reset all its settings',
    ],
  },
  'a profile without a key': {
    ...download('--profile', 'work'),
    host: env({ MAVI_API_KEY: '' }),
    code: 3,
    says: [
      'mavi: no API key in profile work',
      '      store one with: mavi auth login --profile work (in scripts: set MAVI_API_KEY); create it at https://api-platform.memories.ai',
    ],
  },
  'an invalid profile name': {
    ...download('--profile', '../work'),
    code: 2,
    says: [
      "mavi: --profile takes 1 to 64 letters, digits, hyphens and underscores, not '../work'",
      '      example: --profile work',
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
    says: ['mavi: no key was stored', 'mavi: warning: MAVI_API_KEY is set and overrides the stored key'],
  },
  'the status of a valid key': {
    args: ['auth', 'status'],
    code: 0,
    says: [],
    prints: [
      'profile: default',
      'key:     sk-mavi-…ake0',
      'source:  MAVI_API_KEY',
      'host:    127.0.0.1:PORT',
      'API:     accepts the key',
      'scopes:  default, holiday_2025',
    ],
  },
  'the status of a refused key': {
    args: ['auth', 'status'],
    host: env({ MAVI_API_KEY: WRONG_KEY }),
    code: 3,
    says: [
      'mavi: API key refused: API error 0401: The API key is invalid or has no permission',
      '      create a new one at https://api-platform.memories.ai',
    ],
    prints: [
      'profile: default',
      'key:     sk-mavi-…nows',
      'source:  MAVI_API_KEY',
      'host:    127.0.0.1:PORT',
      'API:     refuses the key',
    ],
  },
};
