import { download, FIRST, type Rows, SECOND } from './row.ts';

/** Messages about the command line. */
export const COMMAND_LINE: Rows = {
  'an unknown command': {
    args: ['downlod'],
    code: 2,
    says: ["mavi: unknown command 'downlod' (did you mean download?)", '      see: mavi --help'],
  },
  'an unknown flag': {
    ...download('--ouput', 'x'),
    code: 2,
    says: ["mavi: unknown option '--ouput' (did you mean --output?)", '      see: mavi download --help'],
  },
  'a flag without its value': {
    ...download('--rate'),
    code: 2,
    says: ['mavi: --rate needs a value: <n>', '      see: mavi download --help'],
  },
  'a flag that excludes another': {
    ...download('--force', '--skip-existing'),
    code: 2,
    says: ["mavi: --force can't be combined with --skip-existing", '      see: mavi download --help'],
  },
  'a value that is not among the choices': {
    ...download('--verify', 'x'),
    code: 2,
    says: ["mavi: --verify takes full, ftyp or none, not 'x'", '      see: mavi download --help'],
  },
  'no video': {
    args: ['download'],
    code: 2,
    says: [
      'mavi: no videos given',
      '      give IDs, a file of them with --batch-file, or a part of the names with --match',
    ],
  },
  'an ID that could be a path': {
    args: ['download', '../x'],
    code: 2,
    says: [
      "mavi: '../x' is not a video ID (example: VI625239098370850816)",
      '      list your videos with: mavi list',
    ],
  },
  'a price that is not a number': {
    ...download('--max-cost', 'x'),
    code: 2,
    says: ["mavi: --max-cost takes dollars, such as 5 or 0.50, not 'x'"],
  },
  'a file name instead of an ID': {
    args: ['download', `${FIRST}.mp4`],
    code: 2,
    says: [
      "mavi: 'VI625239098370850816.mp4' is not a video ID (example: VI625239098370850816)",
      '      did you mean VI625239098370850816?',
    ],
  },
  'a line of a list that is not an ID': {
    args: ['download', '-a', '-'],
    host: { stdin: '# mine\nVI1\nx y\n' },
    code: 2,
    says: [
      "mavi: 'x y' (standard input, line 3) is not a video ID (example: VI625239098370850816)",
      '      list your videos with: mavi list',
    ],
  },
  'a list without videos': {
    args: ['download', '-a', '-'],
    host: { stdin: '# none yet\n' },
    code: 0,
    says: ['mavi: standard input contains no video IDs; nothing to download'],
  },
  'one output file for several videos': {
    args: ['download', FIRST, SECOND, '-o', 'x.mp4'],
    code: 2,
    says: ['mavi: --output takes one video only', '      for several use --output-dir <dir>'],
  },
  'an empty file name': {
    ...download('-o', ''),
    code: 2,
    says: ['mavi: --output takes a name, not an empty text'],
  },
  'a video written to a terminal': {
    ...download('-o', '-'),
    host: { stdoutIsTTY: true },
    code: 2,
    says: [
      'mavi: refusing to write video data to a terminal',
      '      write to a file with -o video.mp4, or pipe standard output to another program',
    ],
  },
  'an invalid rate': {
    ...download('--rate', 'x'),
    code: 2,
    says: [
      "mavi: --rate takes a number of starts per minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit), not 'x'",
    ],
  },
  'an invalid number': {
    ...download('-c', '0'),
    code: 2,
    says: ["mavi: --concurrency takes a whole number from 1 to 256, not '0'"],
  },
  'an invalid timeout': {
    ...download('--timeout', 'x'),
    code: 2,
    says: ["mavi: --timeout takes a number of seconds, such as 30 or 0.5 (0 = no limit), not 'x'"],
  },
  'an invalid size': {
    ...download('--limit-rate', 'x'),
    code: 2,
    says: [
      "mavi: --limit-rate takes a number of bytes per second, such as 500000, 10M or 2.5G (0 = no limit), not 'x'",
    ],
  },
  'an invalid --max-transfer': {
    ...download('--max-transfer', '0'),
    code: 2,
    says: ["mavi: --max-transfer takes a number of bytes above 0, such as 500000, 10M or 2.5G, not '0'"],
  },
  'an invalid address': {
    ...download('--base-url', 'x'),
    code: 2,
    says: ["mavi: --base-url takes an address such as https://api.memories.ai/serve/api/v1, not 'x'"],
  },
  'an address with plain http': {
    ...download('--base-url', 'http://example.org'),
    code: 2,
    says: [
      "mavi: --base-url takes an https address: plain http would expose your key to the network (loopback addresses excepted), not 'http://example.org'",
    ],
  },
  'an address of another protocol': {
    ...download('--base-url', 'ftp://example.org'),
    code: 2,
    says: ["mavi: --base-url takes an https address, not 'ftp://example.org'"],
  },
  'an address with a user name': {
    ...download('--base-url', 'https://a@example.org'),
    code: 2,
    says: [
      "mavi: --base-url takes an address without a user name, password, query or fragment, not 'https://…@example.org'",
    ],
  },
  'an invalid scope': {
    ...download('-u', ''),
    code: 2,
    says: ["mavi: --unique-id takes the name of a scope, such as default, not ''"],
  },
  'no folder to sync': {
    args: ['sync'],
    code: 2,
    says: ["mavi: missing required argument 'dir'", '      see: mavi sync --help'],
  },
  'an empty folder name': {
    args: ['sync', ''],
    code: 2,
    says: ['mavi: <dir> must not be empty'],
  },
  'an invalid shard': {
    args: ['sync', 'x', '--shard', '3/2'],
    code: 2,
    says: ["mavi: --shard takes i/n with i from 1 to n, such as 1/4, not '3/2'"],
  },
  'an unknown field of a template': {
    args: ['sync', 'x', '--name-template', '{x}'],
    code: 2,
    says: [
      'mavi: --name-template has no field {x}',
      '      available: {video_no}, {video_name}, {create_date}, {taken_date}, {tag}',
    ],
  },
  'a template without a field': {
    args: ['sync', 'x', '--name-template', 'x'],
    code: 2,
    says: [
      'mavi: --name-template gives every video the same name',
      '      use a field in it, such as {video_no}',
    ],
  },
  'a template that is a path': {
    args: ['sync', 'x', '--name-template', '../{video_no}'],
    code: 2,
    says: [
      'mavi: --name-template takes a file name, with / for subfolders',
      "      for example '{create_date}/{video_name}'; not \\, .. or a path from the root",
    ],
  },
  'filters together with IDs': {
    args: ['download', 'VI1', '--match', 'x'],
    code: 2,
    says: ["mavi: filters such as --match can't be combined with video IDs", '      use one or the other'],
  },
  '--skip-recorded without a manifest': {
    args: ['download', 'VI1', '--skip-recorded'],
    code: 2,
    says: ['mavi: --skip-recorded needs --manifest <file>'],
  },
  'an unknown status': {
    args: ['list', '--status', 'parsed'],
    code: 2,
    says: [
      "mavi: --status takes ready, pending or failed, not 'parsed'",
      '      or a status of the API: PARSE, UNPARSE, FAILED, PARSE_ERROR',
    ],
  },
  'an empty pattern': {
    args: ['list', '--match', ''],
    code: 2,
    says: [
      'mavi: --match takes a part of a name, or a pattern such as "IMG*", not \'\'',
      '      see: mavi list --help',
    ],
  },
  'a folder ID that is not a number': {
    args: ['list', '--folder', 'trips'],
    code: 2,
    says: [
      "mavi: --folder takes the ID of a folder: a whole number, not 'trips'",
      '      see: mavi list --help',
    ],
  },
  'an invalid limit': {
    args: ['list', '--limit', '0'],
    code: 2,
    says: ["mavi: --limit takes a whole number above 0, not '0'", '      see: mavi list --help'],
  },
  'an invalid place': {
    args: ['list', '--near', 'x'],
    code: 2,
    says: [
      "mavi: --near takes latitude and longitude, such as 48.2,16.37, not 'x'",
      '      see: mavi list --help',
    ],
  },
  'an invalid date': {
    args: ['list', '--taken-after', 'x'],
    code: 2,
    says: ["mavi: --taken-after takes a date, such as 2025-06-01, not 'x'", '      see: mavi list --help'],
  },
  'no file to verify': {
    args: ['verify'],
    code: 2,
    says: [
      'mavi: no file named',
      '      name files or a synced folder, or use --manifest <file> for all that it records',
    ],
  },
  'an invalid port': {
    args: ['mock', '--port', 'x'],
    code: 2,
    says: ["mavi: --port takes a whole number from 0 to 65535, not 'x'"],
  },
  'an unknown fault': {
    args: ['mock', '--fault', 'x'],
    code: 2,
    says: ["mavi: --fault: unknown fault 'x'", '      list the faults with: mavi mock --list-faults'],
  },
  'a malformed fault': {
    args: ['mock', '--fault', 'drop@x'],
    code: 2,
    says: [
      "mavi: --fault: 'drop@x' is not a fault; write name[=value][@offset][xN], such as drop@1000x3, and a comma before the next",
      '      list the faults with: mavi mock --list-faults',
    ],
  },
  'an unknown shell': {
    args: ['completion', 'x'],
    code: 2,
    says: ["mavi: <shell> takes bash, zsh or fish, not 'x'", '      see: mavi completion --help'],
  },
  'an unknown setting': {
    args: ['config', 'get', 'colour'],
    code: 2,
    says: [
      "mavi: unknown setting 'colour'",
      '      available: unique-id, base-url, rate, concurrency, retries, connect-timeout, timeout, limit-rate',
    ],
  },
  'a misspelled setting': {
    args: ['config', 'set', 'ratee', '6'],
    code: 2,
    says: [
      "mavi: unknown setting 'ratee' (did you mean rate?)",
      '      available: unique-id, base-url, rate, concurrency, retries, connect-timeout, timeout, limit-rate',
    ],
  },
  'the key as a setting': {
    args: ['config', 'set', 'api-key', 'x'],
    code: 2,
    says: [
      "mavi: the API key can't be set here: it would be visible in the process list",
      '      store it with: mavi auth login; remove it with: mavi auth logout',
    ],
  },
};
